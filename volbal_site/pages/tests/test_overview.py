"""The overview: what it says about cells, that it renews itself, and what it costs."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role
from accounts.tests.people import make_member, make_user, own_tenant
from accounts.transactions import unit_of_work
from alerts.pulses import WORKER, note_pulse
from alerts.tests.builders import make_alert
from configs.models import GuardrailConfig
from configs.tests.builders import set_position
from dividends.tests.builders import make_dividend, morning
from orders.models import TradingState
from orders.switches import turn
from orders.tests.builders import run_at
from positions.models import Position
from positions.services import pause
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from simulation.holding_now import holdings_of
from simulation.performance import performance_of
from volbal_site.pages.cells import cells_of, open_cells

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_user("olga")


@pytest.fixture
def tenant(owner):
    return own_tenant(owner)


def logged_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def cells(tenant):
    return cells_of(tenant, page_number=1, at=OPENED_AT)


def test_without_a_cell_it_says_what_to_do(owner):
    assert "No cells yet" in logged_in(owner).get("/").text


def test_a_row_says_where_the_next_trades_are(tenant):
    cell = make_position(tenant)
    run_at(cell, 101)

    (row,) = cells(tenant).rows

    assert row.outlook.price == 101
    assert row.outlook.value == Decimal(20_100)
    assert row.outlook.decision.buy_at == 97
    assert row.outlook.decision.sell_at == 103
    assert row.to_sell_pct == Decimal("1.980198")
    assert row.outlook.blocked is None


def test_after_a_trade_the_next_ones_are_counted_from_the_new_anchor(tenant):
    cell = make_position(tenant)
    run_at(cell, 104)

    (row,) = cells(tenant).rows

    assert row.outlook.decision.sell_at == Decimal("107.12")
    assert row.last_trade.side == "SELL"
    assert row.last_trade.price == 104


def test_what_stands_against_trading_is_said_beside_the_next_trades(tenant):
    set_position(make_position(tenant, broker="manual"), "trigger", up_threshold_pct=5)
    cell = tenant.positions.get()
    run_at(cell, 106)

    (row,) = cells(tenant).rows

    assert row.blocked_words == "Order open"
    assert row.outlook.decision.sell_at is not None


def test_totals_against_holding_are_those_of_the_performance(tenant):
    first, second = make_position(tenant), make_position(tenant, ticker="MSFT", qty=50, anchor=100)
    make_dividend("0.82", ex_date=OPENED_AT.date(), pay_date=OPENED_AT.date())
    morning(first, OPENED_AT.date())
    for price in (104, 100, 96):
        run_at(first, price)
        run_at(second, price)
    told = performance_of(open_cells(tenant))

    totals = cells(tenant).totals

    assert totals.value == told.total.value
    assert totals.against_holding == told.total.value_minus_hold
    assert told.total.value_minus_hold != 0
    holds = holdings_of(open_cells(tenant))
    assert {key: hold.value_at(Decimal(96)) for key, hold in holds.items()} == {
        one.position.pk: one.figures.hold_value for one in told.cells
    }


def test_a_cell_whose_price_nobody_knows_is_left_out_and_counted(tenant):
    run_at(make_position(tenant), 100)
    make_position(tenant, ticker="KO")

    totals = cells(tenant).totals

    assert (totals.value, totals.cells, totals.without_price) == (Decimal(20_000), 2, 1)


def test_closed_cells_and_those_of_others_are_not_shown(tenant, owner):
    make_position(ticker="KO")
    make_position(tenant, ticker="IBM", qty=0, cash=0)
    tenant.positions.update(status="closed")

    assert "No cells yet" in logged_in(owner).get("/").text


def test_many_cells_cost_as_many_queries_as_one(tenant, owner):
    client = logged_in(owner)
    run_at(make_position(tenant), 104)
    few = _queries(client)

    for number in range(40):
        run_at(make_position(tenant, ticker=f"T{number}"), 104)

    assert _queries(client) == few
    assert few <= 32


def _queries(client) -> int:
    client.get("/")
    cache.clear()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get("/")
    return len(asked)


def test_a_poll_that_finds_nothing_new_changes_nothing(tenant, owner):
    client = logged_in(owner)
    cell = make_position(tenant)
    run_at(cell, 101)
    version = client.get("/live").text.split('"seen": "')[1].split('"')[0]

    assert client.get("/live", {"seen": version}).status_code == 204
    run_at(cell, 102)
    cache.clear()  # two seconds later
    assert "102.00" in client.get("/live", {"seen": version}).text


def test_alerts_are_put_away_by_traders_alone(tenant, owner):
    alert = make_alert(tenant_id=tenant.pk)
    viewer = logged_in(make_member(tenant, Role.VIEWER, "vera"))
    assert "Trading is halted: test" in viewer.get("/").text
    assert "I have seen" not in viewer.get("/").text

    assert viewer.post("/alerts/seen", {"alert": alert.pk}).status_code == 403
    logged_in(owner).post("/alerts/seen", {"alert": alert.pk})

    alert.refresh_from_db()
    assert alert.seen_by == "olga"
    assert "Trading is halted: test" not in viewer.get("/").text


def test_what_two_people_see_carries_each_ones_own_token(tenant, owner):
    make_alert(tenant_id=tenant.pk)
    other = make_member(tenant, Role.OWNER, "otto")
    client = Client(enforce_csrf_checks=True)
    for user in (owner, other):
        client.force_login(user)
        page = client.get("/").text
        assert "token-of-whoever" not in page


def test_what_somebody_does_is_seen_at_once(tenant, owner):
    client = logged_in(owner)
    cell = make_position(tenant)
    run_at(cell, 101)
    assert "Paused" not in client.get("/").text

    with unit_of_work():
        pause(Position.objects.lock(cell.pk), "to think", stamp=make_stamp())
    assert "Paused" in client.get("/").text


def test_settings_that_clash_are_said_and_break_nothing(tenant):
    cell = make_position(tenant)
    run_at(cell, 101)
    set_position(cell, "guardrail", min_stock_pct=40)
    GuardrailConfig.objects.create(scope="GLOBAL", max_stock_pct=30)

    (row,) = cells(tenant).rows

    assert row.blocked_words == "Settings clash"


def verdict(owner) -> str:
    cache.clear()  # what was drawn is shown for two seconds
    found = re.search(r'<p id="verdict".*?</p>', logged_in(owner).get("/").text)
    return re.sub(r"<[^>]+>", " ", found[0]).strip() if found else ""


def hear_of_the_worker() -> None:
    with unit_of_work():
        note_pulse(WORKER, timezone.now())


def test_the_first_thing_said_is_whether_it_runs(tenant, owner):
    assert verdict(owner) == ""
    one, other = make_position(tenant), make_position(tenant)
    assert verdict(owner).startswith("Not running  Nothing is evaluated: no worker was ever heard of.")

    hear_of_the_worker()
    assert verdict(owner) == "Running  2 cells trade by the rules."
    pause_now(one)
    assert verdict(owner) == "Running  1 cell trades by the rules; 1 paused."
    pause_now(other)
    assert verdict(owner).startswith("Paused  No cell trades")

    with unit_of_work():
        turn(TradingState.HALTED, reason="drill", stamp=make_stamp(), tenant_id=tenant.pk)
    assert verdict(owner) == "Stopped  No cell trades until trading is resumed."


def pause_now(position: Position) -> None:
    with unit_of_work():
        pause(Position.objects.lock(position.pk), "holiday", stamp=make_stamp())
