"""What the API does to a cell on replayed history happens on the day of the replay's clock, not today."""

from __future__ import annotations

from datetime import date

import pytest

from market.calendar import close_of
from orders.expiry import expire_proposals
from orders.models import Order
from positions.models import JournalEntry, Position
from positions.tests.builders import make_stamp, make_tenant
from simulation.tests.live import evaluated, make_cell, make_clock, play_until
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2003, 1, 7)
NOW = "2003-01-07T21:00:00Z"


@pytest.fixture
def api():
    make_clock()
    return Api(make_key(make_tenant("ann")))


def make_own(**other):
    return make_cell(tenant=make_tenant("ann"), **other)


def test_an_evaluation_on_the_market_sees_the_day_of_the_replay(api):
    cell = make_own()
    play_until(DAY)

    answer = api.post(f"/positions/{cell.pk}/evaluate").json()

    assert (answer["quote"]["price"], answer["quote"]["as_of"]) == ("86", NOW)
    assert answer["quote"]["source"] == "replay"
    assert cell.events.order_by("seq").last().ts == close_of(DAY)
    assert answer["decision"]["reason"] != "market_closed"


def test_an_evaluation_on_the_market_trades_on_that_day(api):
    cell = make_own(anchor=None)
    play_until(DAY)
    api.post(f"/positions/{cell.pk}/anchor", {"price": "80"})

    order = api.post(f"/positions/{cell.pk}/evaluate").json()["order"]

    assert (order["status"], order["created_at"]) == ("filled", NOW)
    assert Order.objects.get().trading_date == DAY


def test_orders_fills_and_cancels_by_hand_are_of_that_day(api):
    cell = make_own(broker="manual", anchor=None)
    play_until(DAY)
    path = f"/positions/{cell.pk}/orders"
    body = {"side": "SELL", "qty": "5", "price": "85"}

    first = api.call("POST", path, body, Idempotency_Key="a").json()
    api.post(f"/orders/{first['id']}/fill", {"execution_id": "e", "qty": "5", "price": "85"})
    second = api.call("POST", path, body, Idempotency_Key="b").json()
    api.post(f"/orders/{second['id']}/cancel")

    orders = Order.objects.order_by("created_at")
    assert {(order.created_at, order.trading_date) for order in orders} == {(close_of(DAY), DAY)}
    assert {trade.executed_at for trade in cell.trades.all()} == {close_of(DAY)}
    assert {event.ts for event in cell.events.filter(type__startswith="order")} == {close_of(DAY)}
    assert JournalEntry.objects.order_by("seq").last().at == close_of(DAY)


def test_cash_anchor_corrections_settings_and_pauses_are_of_that_day(api):
    cell = make_own()
    play_until(DAY)
    seq = cell.events.order_by("seq").last().seq

    api.post(f"/positions/{cell.pk}/cash", {"amount": "5"})
    api.post(f"/positions/{cell.pk}/anchor", {"price": "80"})
    api.post(f"/positions/{cell.pk}/adjustments", {"cash": "1", "reason": "found"})
    api.call("PUT", f"/positions/{cell.pk}/config", {"trigger": {"up_threshold_pct": "9"}})
    api.call("PATCH", f"/positions/{cell.pk}", {"status": "paused"})
    api.call("PATCH", f"/positions/{cell.pk}", {"status": "closed"})

    told = cell.events.filter(seq__gt=seq).order_by("seq").values_list("type", "ts")
    assert list(told) == [
        (type_, close_of(DAY))
        for type_ in (
            "cash_deposited",
            "anchor_set",
            "adjustment_booked",
            "config_changed",
            "trading_paused",
            "position_closed",
        )
    ]


def test_a_cell_opened_meanwhile_is_of_that_day_and_takes_part(api, settings):
    settings.MARKET_PROVIDER = "replay"
    play_until(DAY)

    opened = api.post("/positions", {"ticker": "MSFT", "qty": "10", "cash": "500", "anchor_price": "55"})

    cell = Position.objects.get(pk=opened.json()["id"])
    assert (cell.opened_date, cell.market_provider) == (DAY, "replay")
    play_until(date(2003, 1, 10))
    assert evaluated(cell)[:2] == [date(2003, 1, 8), date(2003, 1, 9)]


def test_a_proposal_expires_by_the_time_of_its_market(api):
    cell = make_own(broker="manual", anchor=None)
    play_until(DAY)
    body = {"side": "SELL", "qty": "5", "price": "85"}
    api.call("POST", f"/positions/{cell.pk}/orders", body, Idempotency_Key="a")

    assert expire_proposals(stamp=make_stamp()) == []  # which is 2024
    play_until(date(2003, 1, 8))
    assert len(expire_proposals(stamp=make_stamp())) == 1
    assert cell.events.order_by("seq").last().ts >= close_of(date(2003, 1, 8))


def test_a_cell_on_another_market_is_of_today(api):
    opened = api.post("/positions", {"ticker": "IBM", "qty": "1", "cash": "1"}).json()

    assert Position.objects.get(pk=opened["id"]).opened_date.year > 2020
