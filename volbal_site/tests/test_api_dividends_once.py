"""Dividends and splits announced, and dividends paid, more than once: they act once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection

from accounts.tests.threads import at_once
from dividends.models import Dividend
from dividends.tests.builders import all_written, assert_books_agree
from positions.models import Position
from positions.tests.builders import make_position, make_tenant
from volbal_site.tests.api_client import Api, make_key
from volbal_site.tests.dividend_calls import TODAY, announced, code_of, opened, terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant("ann")


@pytest.fixture
def api(tenant):
    return Api(make_key(tenant))


@pytest.mark.parametrize(
    ("path", "body", "replayed"),
    [
        ("/dividends/announce", terms(), terms(dps=0.820)),
        (
            "/splits",
            {"ticker": "IBM", "date": TODAY.isoformat(), "new_shares": 2, "old_shares": 1},
            {"ticker": "IBM", "date": TODAY.isoformat(), "new_shares": "2", "old_shares": 1},
        ),
    ],
)
def test_a_replay_under_the_same_key_repeats_the_answer(api, path, body, replayed):
    opened(api)
    first = api.call("POST", path, body, Idempotency_Key="k-1", X_Request_ID="one")
    written = all_written()

    again = api.call("POST", path, replayed, Idempotency_Key="k-1", X_Request_ID="two")
    other = api.call("POST", path, {**body, "ticker": "MSFT"}, Idempotency_Key="k-1")

    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert (again["Idempotent-Replayed"], again["X-Request-ID"]) == ("true", "one")
    assert (other.status_code, code_of(other)) == (422, "idempotency-key-reused")
    assert all_written() == written


def test_a_payment_replayed_under_its_key_tells_again_what_was_paid(api):
    opened(api)
    body = {"dividend_id": announced(api)["id"]}
    first = api.call("POST", "/dividends/pay", body, Idempotency_Key="k-1")
    written = all_written()

    again = api.call("POST", "/dividends/pay", body, Idempotency_Key="k-1")
    anew = api.call("POST", "/dividends/pay", body, Idempotency_Key="k-2")

    assert len(first.json()["paid"]) == 1
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert (anew.status_code, anew.json()) == (200, {"paid": []})
    assert all_written() == written


def test_a_conflict_stays_one_under_its_key(api):
    announced(api)

    first, again = (
        api.call("POST", "/dividends/announce", terms(dps="1"), Idempotency_Key="k-1") for _ in range(2)
    )

    assert (first.status_code, again.content) == (409, first.content)
    assert again["Idempotent-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
def test_announced_and_paid_at_once_it_acts_once(api, tenant):
    cells = [make_position(tenant, anchor=150) for _ in range(2)]

    def send(path, body):
        try:
            return api.call("POST", path, body)
        finally:
            connection.close()

    answers = at_once([lambda: send("/dividends/announce", terms())] * 5)
    body = {"dividend_id": answers[0].json()["id"]}
    payments = at_once([lambda: send("/dividends/pay", body)] * 5)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted(len(payment.json()["paid"]) for payment in payments) == [0, 0, 0, 0, len(cells)]
    assert Dividend.objects.count() == 1
    assert {(cell.cash, cell.anchor_price) for cell in Position.objects.all()} == {
        (Decimal("10061.5"), Decimal("149.18"))
    }
    assert_books_agree()
