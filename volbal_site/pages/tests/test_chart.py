"""The price chart: prices and levels in time, what happened, and never the future."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.transactions import unit_of_work
from configs.tests.builders import set_position
from market.calendar import close_of
from market.models import Bar
from market.providers.registry import provider
from orders.tests.builders import run_at, set_market
from orders.tick import work_off_ticks
from positions.services import set_anchor
from positions.tests.builders import OPENED_AT, make_position, make_stamp, make_tenant
from volbal.values import TriggerConfig
from volbal_site.pages.chart import RANGES, Chart, Mark, Point
from volbal_site.pages.chart_levels import NOTHING, Level, Levels, level_of
from volbal_site.pages.charted import charted
from volbal_site.pages.position_now import ground_of
from volbal_site.pages.tests.cells import FIRST, history_cell

THREE = TriggerConfig()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def drawn(cell, chosen: str = "3m") -> Chart:
    return charted(ground_of(cell), chosen).chart


def test_a_level_is_the_anchor_with_both_thresholds():
    wide = TriggerConfig(up_threshold_pct=Decimal("1.5"), down_threshold_pct=Decimal(10))

    assert level_of(Decimal(100), THREE) == Level(100, 103, 97)
    assert level_of(Decimal(80), wide) == Level(80, Decimal("81.2"), 72)


def test_levels_change_when_the_anchor_or_the_thresholds_do():
    wide = TriggerConfig(up_threshold_pct=Decimal(10), down_threshold_pct=Decimal(10))
    levels = Levels(
        [(OPENED_AT, Decimal(100)), (OPENED_AT + 2 * HOUR, None), (OPENED_AT + 3 * HOUR, Decimal(90))],
        [(OPENED_AT + HOUR, THREE), (OPENED_AT + 4 * HOUR, wide)],
    )

    assert levels.at(OPENED_AT - HOUR) == NOTHING
    assert levels.at(OPENED_AT) == Level(100, 103, 97)
    assert levels.at(OPENED_AT + 2 * HOUR) == NOTHING
    assert levels.at(OPENED_AT + 3 * HOUR).anchor == 90
    assert levels.at(OPENED_AT + 4 * HOUR) == Level(90, 99, 81)


@pytest.mark.django_db
def test_history_ends_with_the_last_day_that_was_decided_on():
    cell = history_cell(make_tenant(), days=20)

    for chosen in RANGES:
        points = drawn(cell, chosen).points
        assert points[-1].day == date(2008, 9, 30)
        assert points[-1].day == cell.events.order_by("-seq")[0].ts.date()


@pytest.mark.django_db
def test_before_the_opening_there_are_prices_but_no_level():
    points = drawn(history_cell(make_tenant(), days=5)).points

    assert {point.day < FIRST for point in points} == {True, False}
    assert {point.level.anchor for point in points if point.day < FIRST} == {None}
    assert all(point.level.anchor for point in points if point.day >= FIRST)


@pytest.mark.django_db
def test_the_anchor_steps_to_the_price_of_each_trade():
    chart = drawn(history_cell(make_tenant(), days=40))
    trades = [mark for mark in chart.marks if mark.kind in ("buy", "sell")]
    closes = {point.day: point for point in chart.points}

    assert trades
    assert all(closes[mark.day].level.anchor == closes[mark.day].close for mark in trades)


@pytest.mark.django_db
def test_an_ex_date_is_marked_and_lowers_the_anchor():
    chart = drawn(history_cell(make_tenant(), days=60))

    (mark,) = [mark for mark in chart.marks if mark.kind == "dividend"]
    assert (mark.day, mark.text) == (date(2008, 11, 6), "Ex-dividend $0.50 a share")


@pytest.mark.django_db
def test_without_bars_the_prices_that_were_seen_are_a_line():
    provider("static").clear()
    cell = make_position(ticker="XYZ")
    run_at(cell, 97)
    for minute, price in enumerate(("98", "99")):
        at = OPENED_AT + HOUR + timedelta(minutes=minute)
        set_market(price, "XYZ", at)
        work_off_ticks(clock=lambda at=at: at)
    ground = ground_of(cell)

    chart = charted(type(ground)(**{**fields_of(ground), "at": OPENED_AT + DAY}), "3m").chart

    assert chart.is_line
    assert [point.close for point in chart.points] == [97, 98, 99]
    assert [mark.text for mark in chart.marks] == ["Bought 10.46890955 at $97.00"]


def fields_of(ground):
    return {name: getattr(ground, name) for name in ground.__slots__}


@pytest.mark.django_db
def test_the_day_under_way_is_made_of_its_ticks():
    provider("static").clear()
    cell = make_position(ticker="XYZ", at=OPENED_AT - DAY)
    bar = {"open": 99, "high": 101, "low": 98, "close": 100, "volume": 1}
    Bar.objects.create(ticker="XYZ", date=OPENED_AT.date() - 3 * DAY, **bar)
    for minute, price in enumerate(("100", "102", "99.5", "101")):
        at = OPENED_AT + timedelta(minutes=minute)
        set_market(price, "XYZ", at)
        work_off_ticks(clock=lambda at=at: at)
    ground = ground_of(cell)

    last = charted(type(ground)(**{**fields_of(ground), "at": OPENED_AT + HOUR}), "3m").chart.points[-1]

    assert (last.day, last.open, last.high, last.low, last.close) == (
        OPENED_AT.date(),
        100,
        102,
        Decimal("99.5"),
        101,
    )


@pytest.mark.django_db
def test_an_anchor_set_by_hand_and_other_thresholds_are_seen():
    cell = history_cell(make_tenant(), days=5)
    with unit_of_work():
        set_anchor(position_id=cell.pk, price=Decimal(100), stamp=make_stamp(close_of(date(2008, 9, 9))))
    set_position(cell, "trigger", up_threshold_pct="5")
    cell.refresh_from_db()

    last = drawn(cell).points[-1]

    assert last.level == Level(100, 105, 97)


def test_a_table_row_has_what_happened_since_the_row_before():
    def point(day: int) -> Point:
        at = OPENED_AT + day * DAY
        price = Decimal(100)
        return Point(at, at.date(), price, price, price, price, NOTHING)

    marks = [Mark(OPENED_AT + DAY - HOUR, "buy", "Bought"), Mark(OPENED_AT + 2 * DAY, "split", "Split 2:1")]
    rows = Chart(is_line=False, points=[point(0), point(1), point(2)], marks=marks).rows()

    assert [[mark.text for mark in done] for _, done in rows] == [["Split 2:1"], ["Bought"], []]
