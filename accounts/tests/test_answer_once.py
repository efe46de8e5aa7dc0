"""One key, one effect, one answer; a refusal too, and nothing at all after a failure."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import (
    IdempotencyInProgress,
    IdempotencyKeyExpired,
    IdempotencyKeyReused,
    OutsideUnitOfWork,
)
from accounts.idempotency import (
    KEPT_AT_LEAST,
    Answer,
    IdempotentRequest,
    Replayed,
    answer_once,
    prune_idempotency_records,
)
from accounts.models import IdempotencyRecord, Tenant
from accounts.transactions import unit_of_work
from volbal.errors import BadInput, Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return Tenant.objects.create(name="t")


def request_of(tenant, key="k", fingerprint="f", keep_forever=False):
    return IdempotentRequest(
        tenant_id=tenant.pk, key=key, fingerprint=fingerprint, keep_forever=keep_forever, route="POST /v1/x"
    )


def count_up(tenant):
    """Return something to do once: it counts, and answers what it counted to."""

    def act():
        row = Tenant.objects.get(pk=tenant.pk)
        row.positions_opened += 1
        row.save()
        return Answer(201, f'{{"n": {row.positions_opened}}}', {"X-Request-ID": f"r{row.positions_opened}"})

    return act


def refuse(error):
    """Return something that writes, and then refuses."""

    def act():
        Tenant.objects.create(name="left behind")
        Tenant.objects.update(positions_opened=99)
        raise error

    return act


def as_answer(error):
    return Answer(422, error.detail) if isinstance(error, Refused) else None


def counted(tenant):
    tenant.refresh_from_db()
    return tenant.positions_opened


def test_the_second_request_gets_the_first_answer_to_the_byte(tenant):
    first = answer_once(request_of(tenant), count_up(tenant))
    second = answer_once(request_of(tenant), count_up(tenant))
    third = answer_once(request_of(tenant), refuse(ZeroDivisionError()))

    assert first == Answer(201, '{"n": 1}', {"X-Request-ID": "r1"})
    assert second == third == Replayed(201, '{"n": 1}', {"X-Request-ID": "r1"})
    assert counted(tenant) == IdempotencyRecord.objects.count() == 1


def test_without_a_key_nothing_is_kept(tenant):
    answers = [answer_once(None, count_up(tenant)) for _ in range(2)]

    assert [answer.body for answer in answers] == ['{"n": 1}', '{"n": 2}']
    assert not IdempotencyRecord.objects.exists()


def test_without_a_key_a_refusal_goes_on_and_undoes_all(tenant):
    with pytest.raises(Refused):
        answer_once(None, refuse(Refused("no")), as_answer)

    assert (Tenant.objects.count(), counted(tenant)) == (1, 0)


def test_a_key_with_another_request_is_refused_and_changes_nothing(tenant):
    answer_once(request_of(tenant), count_up(tenant))

    with pytest.raises(IdempotencyKeyReused) as caught:
        answer_once(request_of(tenant, fingerprint="g"), count_up(tenant))

    assert caught.value.code == "idempotency-key-reused"
    assert counted(tenant) == IdempotencyRecord.objects.count() == 1
    assert isinstance(answer_once(request_of(tenant), count_up(tenant)), Replayed)


@pytest.mark.parametrize("key", ["K", "k ", " k"])
def test_keys_that_differ_in_one_character_are_two(tenant, key):
    answer_once(request_of(tenant, "k"), count_up(tenant))
    answer_once(request_of(tenant, key), count_up(tenant))

    assert counted(tenant) == 2


def test_two_tenants_with_the_same_key_have_two_effects(tenant):
    other = Tenant.objects.create(name="other")

    answers = [answer_once(request_of(owner), count_up(owner)) for owner in (tenant, other)]

    assert [type(answer) for answer in answers] == [Answer, Answer]
    assert counted(tenant) == counted(other) == 1


def test_a_refusal_is_kept_and_leaves_nothing_else(tenant):
    first = answer_once(request_of(tenant), refuse(Refused("not enough")), as_answer)

    assert first == Answer(422, "not enough")
    assert (Tenant.objects.count(), counted(tenant)) == (1, 0)
    # what was refused stays refused under its key, though it would go through now
    assert answer_once(request_of(tenant), count_up(tenant)) == Replayed(422, "not enough")
    assert counted(tenant) == 0
    assert answer_once(request_of(tenant, "new"), count_up(tenant)).status == 201


@pytest.mark.parametrize(
    "error", [BadInput("what?"), ZeroDivisionError(), IntegrityError(), KeyboardInterrupt()]
)
def test_what_is_not_to_be_kept_leaves_the_key_free(tenant, error):
    with pytest.raises(type(error)):
        answer_once(request_of(tenant), refuse(error), as_answer)

    assert (Tenant.objects.count(), counted(tenant)) == (1, 0)
    assert not IdempotencyRecord.objects.exists()
    assert answer_once(request_of(tenant), count_up(tenant)).status == 201


def test_a_refusal_is_not_kept_unless_asked_for(tenant):
    with pytest.raises(Refused):
        answer_once(request_of(tenant), refuse(Refused("no")))

    assert not IdempotencyRecord.objects.exists()


def test_a_refusal_that_cannot_be_written_leaves_the_key_free(tenant):
    def broken(error):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer_once(request_of(tenant), refuse(Refused("no")), broken)

    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize("status", [0, 199, 500, 503])
def test_an_answer_that_must_not_be_kept_undoes_everything(tenant, status):
    def act():
        count_up(tenant)()
        return Answer(status, "")

    with pytest.raises(IntegrityError):
        answer_once(request_of(tenant), act)

    assert counted(tenant) == IdempotencyRecord.objects.count() == 0


def test_a_tenant_and_a_key_have_one_row(tenant):
    answer_once(request_of(tenant), count_up(tenant))

    with pytest.raises(IntegrityError), transaction.atomic():
        IdempotencyRecord.objects.create(tenant=tenant, key="k", fingerprint="f")

    assert IdempotencyRecord.objects.count() == 1


def test_a_row_without_an_answer_is_still_running(tenant):
    IdempotencyRecord.objects.create(tenant=tenant, key="k", fingerprint="f")

    with pytest.raises(IdempotencyInProgress) as caught:
        answer_once(request_of(tenant), count_up(tenant))

    assert caught.value.code == "idempotency-in-progress"
    assert caught.value.facts == {"retry_after": 1}
    assert counted(tenant) == 0


def test_a_key_is_claimed_inside_a_unit_of_work(tenant):
    with pytest.raises(OutsideUnitOfWork):
        request_of(tenant).claim()
    with pytest.raises(OutsideUnitOfWork):
        request_of(tenant).store(Answer(200, ""))

    assert not IdempotencyRecord.objects.exists()


def prune(older_than):
    with unit_of_work():
        return prune_idempotency_records(older_than)


def age(key, days):
    IdempotencyRecord.objects.filter(key=key).update(created_at=timezone.now() - timedelta(days=days))


def test_a_pruned_key_is_expired_and_never_acted_on_again(tenant):
    for key, days in (("old", 8), ("young", 6)):
        answer_once(request_of(tenant, key), count_up(tenant))
        age(key, days)

    limit = timezone.now() - KEPT_AT_LEAST
    assert (prune(limit), prune(limit)) == (1, 0)

    with pytest.raises(IdempotencyKeyExpired) as caught:
        answer_once(request_of(tenant, "old"), count_up(tenant))
    assert caught.value.code == "idempotency-key-expired"
    with pytest.raises(IdempotencyKeyReused):
        answer_once(request_of(tenant, "old", "g"), count_up(tenant))
    assert isinstance(answer_once(request_of(tenant, "young"), count_up(tenant)), Replayed)
    assert counted(tenant) == 2


def test_orders_and_fills_are_never_pruned(tenant):
    request = request_of(tenant, keep_forever=True)
    answer_once(request, count_up(tenant))
    age("k", 4000)

    assert prune(timezone.now()) == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        IdempotencyRecord.objects.update(body=None)

    assert answer_once(request, count_up(tenant)).body == '{"n": 1}'
