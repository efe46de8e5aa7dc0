"""How cells did in a period: changes that add up to the whole, and nothing said of too little."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.transactions import unit_of_work
from dividends.tests.builders import EX_DATE, PAY_DATE, make_dividend, morning
from orders.tests.builders import run_at
from positions.models import Position
from positions.services import move_cash
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from simulation.analytics import report_of
from simulation.performance import performance_of

pytestmark = pytest.mark.django_db

D = Decimal
PARTS = (
    "gain",
    "realised_gain",
    "unrealised_gain",
    "fees",
    "dividends_net",
    "traded_notional",
    "trade_count",
)


def at(days):
    return OPENED_AT + timedelta(days=days)


def make_story(**options):
    """Sold at 104 on the 9th, a dividend on the 16th, bought at 95 on the 18th, 1,000 came on the 19th."""
    make_dividend(ticker=options.get("ticker", "IBM"))
    cell = make_position(**options)
    run_at(cell, 101)
    run_at(cell, 104, at(1))
    morning(cell, EX_DATE)
    run_at(cell, 95, at(10))
    with unit_of_work():
        move_cash(position_id=cell.pk, amount=D(1000), stamp=make_stamp(at(11)))
    morning(cell, PAY_DATE)
    run_at(cell, 97, at(25))
    return cell


def told(**span):
    return report_of(Position.objects.all(), **span)


def test_the_whole_time_is_what_performance_tells():
    make_story()
    make_story(ticker="KO")
    now = performance_of(Position.objects.all())

    total = told().total

    assert {name: getattr(total.changes, name) for name in PARTS} == {
        name: getattr(now.total, name) for name in PARTS
    }
    assert (total.value, total.hold_value) == (now.total.value, now.total.hold_value)
    assert total.days_evaluated == now.days_evaluated == 8


def test_periods_that_follow_each_other_add_up_to_the_whole():
    make_story()
    cuts = [None, date(2024, 1, 9), date(2024, 1, 15), date(2024, 1, 19), date(2024, 2, 2), None]
    day = timedelta(days=1)
    periods = [
        told(start=first, end=None if last is None else last - day).total for first, last in pairwise(cuts)
    ]

    for name in (*PARTS, "contributed", "value_minus_hold"):
        whole = getattr(told().total.changes, name)
        assert sum(getattr(period.changes, name) for period in periods) == whole, name
    assert sum(period.days_evaluated for period in periods) == told().total.days_evaluated


def test_what_came_in_is_no_gain():
    make_story()

    day = told(start=date(2024, 1, 19), end=date(2024, 1, 19)).total

    assert day.changes.contributed == 1000
    assert day.changes.gain == 0


def test_a_gain_is_in_percent_of_what_was_there_and_what_came():
    cell = make_position(cash=10_000)
    run_at(cell, 101, at(1))

    line = told().total

    assert line.changes.gain == 100
    assert line.gain_pct == D("0.5")


def test_turnover_is_what_was_traded_in_percent_of_the_mean_value():
    cell = make_position(cash=D("9600"))
    run_at(cell, 100)  # worth 19,600
    run_at(cell, 104, at(1))
    trade = cell.trades.get()
    mean = (D(19_600) + D(20_000) - trade.commission) / 2

    assert abs(told().total.turnover_pct - trade.notional * 100 / mean) < D("0.000001")


def test_the_days_inside_are_those_of_the_period():
    cell = make_position(qty=100, cash=1000)
    run_at(cell, 100, at(1))  # 90 % stock before it sold
    run_at(cell, 100, at(2))

    first, second = (told(start=day, end=day).total for day in (date(2024, 1, 9), date(2024, 1, 10)))

    assert (first.inside_pct, second.inside_pct) == (0, 100)
    assert told().total.inside_pct == 50


def test_of_one_day_nothing_is_said_that_takes_a_course_of_time():
    cell = make_position()
    run_at(cell, 104, at(0))

    report = told()

    assert not report.is_enough
    assert report.total.turnover_pct is None


def test_what_nobody_has_priced_is_not_known_and_not_0():
    make_position(anchor=None)

    line = told().lines[0]

    assert (line.value, line.changes.gain, line.gain_pct) == (None, None, None)


def test_together_are_those_that_have_a_price_and_the_others_are_named():
    cell = make_story()
    alone = told()
    unknown = make_position(ticker="KO", anchor=None)

    report = told()

    assert [line.position for line in report.lines] == [cell, unknown]
    assert report.left_out == [unknown]
    assert (report.total, report.curve) == (alone.total, alone.curve)


def test_before_the_opening_there_was_nothing():
    make_story()

    total = told(end=date(2024, 1, 5)).total

    assert (total.value, total.changes.gain, total.changes.trade_count, total.gain_pct) == (0, 0, 0, None)


def test_no_cells_are_nothing():
    report = told()

    assert (report.lines, report.is_enough, report.total.value) == ([], False, 0)


def test_as_many_queries_for_many_cells_as_for_one():
    make_story()
    with CaptureQueriesContext(connection) as one:
        told(start=EX_DATE)
    for ticker in ("KO", "PG", "MMM"):
        make_story(ticker=ticker)
    with CaptureQueriesContext(connection) as many:
        told(start=EX_DATE)

    assert len(one) == len(many)
