"""Real threads with one key: one of them acts, all get its answer."""

from collections import Counter
from functools import partial
from threading import Event

import pytest
from django.db import connection

from accounts.errors import IdempotencyInProgress, IdempotencyKeyReused
from accounts.idempotency import Answer, IdempotentRequest, Replayed, answer_once, fingerprint_of
from accounts.models import IdempotencyRecord, Tenant
from accounts.tests.threads import at_once
from accounts.transactions import lock_one
from volbal.errors import Refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return Tenant.objects.create(name="t")


def request_of(tenant, qty="100", key="k"):
    body = {"side": "BUY", "qty": qty}
    fingerprint = fingerprint_of("POST", "/v1/positions/{id}/orders", {"id": 1}, body)
    return IdempotentRequest(tenant_id=tenant.pk, key=key, fingerprint=fingerprint, keep_forever=True)


class Act:
    """Adds one to a tenant's number; knows how often it ran, whatever became of it."""

    def __init__(self, tenant, refuse_first=0):
        self.tenant, self.runs, self.refusals_left = tenant, [], refuse_first

    def __call__(self):
        self.runs.append(1)
        row = lock_one(Tenant.objects.filter(pk=self.tenant.pk), "tenant")
        row.positions_opened += 1
        row.save(update_fields=["positions_opened"])
        if self.refusals_left:
            self.refusals_left -= 1
            raise Refused("not now")
        return Answer(201, f'{{"n": {row.positions_opened}}}')


def counted(tenant):
    tenant.refresh_from_db()
    return tenant.positions_opened


def test_sixteen_at_once_act_once_and_hear_the_same(tenant):
    act = Act(tenant)

    answers = at_once([partial(answer_once, request_of(tenant), act)] * 16)

    assert Counter(map(type, answers)) == {Answer: 1, Replayed: 15}
    assert {(answer.status, answer.body) for answer in answers} == {(201, '{"n": 1}')}
    assert len(act.runs) == counted(tenant) == IdempotencyRecord.objects.count() == 1


def test_100_and_100_00_are_one_order(tenant):
    act = Act(tenant)
    calls = [partial(answer_once, request_of(tenant, qty), act) for qty in ("100", "100.00") * 8]

    answers = at_once(calls)

    assert Counter(map(type, answers)) == {Answer: 1, Replayed: 15}
    assert len({answer.body for answer in answers}) == len(act.runs) == counted(tenant) == 1


def test_of_two_orders_under_one_key_one_wins_and_the_other_is_told(tenant):
    act = Act(tenant)
    calls = [partial(answer_once, request_of(tenant, qty), act) for qty in ("100", "200") * 8]

    answers = at_once(calls)

    assert Counter(map(type, answers)) == {Answer: 1, Replayed: 7, IdempotencyKeyReused: 8}
    assert len(act.runs) == counted(tenant) == 1


def test_two_tenants_with_one_key_each_have_their_effect(tenant):
    other = Tenant.objects.create(name="other")
    acts = [Act(tenant), Act(other)]
    calls = [partial(answer_once, request_of(act.tenant), act) for act in acts * 8]

    answers = at_once(calls)

    assert Counter(map(type, answers)) == {Answer: 2, Replayed: 14}
    assert counted(tenant) == counted(other) == 1


def test_different_keys_all_count(tenant):
    act = Act(tenant)

    answers = at_once([partial(answer_once, request_of(tenant, key=f"k{n}"), act) for n in range(16)])

    assert sorted(answer.body for answer in answers) == sorted(f'{{"n": {n}}}' for n in range(1, 17))
    assert counted(tenant) == 16


def test_one_refusal_is_everybodys(tenant):
    act = Act(tenant, refuse_first=1)
    call = partial(answer_once, request_of(tenant), act, lambda error: Answer(422, error.detail))

    answers = at_once([call] * 16)

    assert {(answer.status, answer.body) for answer in answers} == {(422, "not now")}
    assert Counter(map(type, answers)) == {Answer: 1, Replayed: 15}
    assert (len(act.runs), counted(tenant)) == (1, 0)


def test_when_the_first_fails_another_acts(tenant):
    act = Act(tenant, refuse_first=3)

    answers = at_once([partial(answer_once, request_of(tenant), act)] * 16)

    assert Counter(map(type, answers)) == {Refused: 3, Answer: 1, Replayed: 12}
    assert (len(act.runs), counted(tenant)) == (4, 1)


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="on SQLite a writer waits for the whole database")
def test_a_waiter_that_waited_too_long_is_told_to_try_again(tenant):
    acting, waited = Event(), Event()

    def slow():
        acting.set()
        assert waited.wait(timeout=30)
        return Act(tenant)()

    def impatient():
        assert acting.wait(timeout=30)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        try:
            return answer_once(request_of(tenant), Act(tenant))
        finally:
            waited.set()

    first, second = at_once([partial(answer_once, request_of(tenant), slow), impatient])

    assert isinstance(second, IdempotencyInProgress)
    assert first == Answer(201, '{"n": 1}')
    assert counted(tenant) == 1
    assert answer_once(request_of(tenant), Act(tenant)) == Replayed(201, '{"n": 1}')
