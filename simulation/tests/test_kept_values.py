"""What is kept of each day is what the plain way tells, whatever happens, and however late."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.transactions import unit_of_work
from dividends.tests.builders import make_dividend, make_split, morning
from market.models import Bar
from orders.fills import book_fill
from orders.tests.builders import make_fill, make_order, run_at, set_market
from positions.models import Position
from positions.services import adjust_books, move_cash
from positions.tests.builders import OPENED_AT, make_position, make_stamp, make_tenant
from simulation import value_keeping
from simulation.analytics import plain_report_of, report_of
from simulation.performance import performance_of
from simulation.tests.kept import same_in_all_ways
from simulation.value_keeping import keep_values
from simulation.value_models import CellDay, CellValues, TenantDay
from volbal.errors import VolbalError

pytestmark = pytest.mark.django_db

D = Decimal
FIRST = date(2024, 1, 8)
STEPS = 24


class Story:
    """A made-up course of things, in which some come late."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.number = 0
        self.at = OPENED_AT
        here, there = make_tenant("here"), make_tenant("there")
        self.cells = [
            make_position(here, ticker="IBM", anchor=None),
            make_position(here, ticker="MSFT"),
            make_position(there, ticker="IBM"),
        ]
        for on in (4, 9):
            make_dividend(
                "0.5", FIRST + timedelta(days=on), FIRST + timedelta(days=on + 7), withholding="0.1"
            )
        make_split(2, 1, on=FIRST + timedelta(days=8), ticker="MSFT")

    def go_on(self) -> None:
        """Let one thing happen to one cell, some time later, or seem to have happened earlier."""
        self.at += timedelta(hours=self.random.choice((1, 1, 5, 20, 30)))
        looks, mornings = [self.look] * 3, [self.begin_day] * 2
        others = [self.look_at_old_price, self.flow, self.correct, self.fill, self.bring_bar]
        happen: Callable[[Position], object] = self.random.choice([*looks, *mornings, *others])
        with suppress(VolbalError):  # what is refused has changed nothing
            happen(self.random.choice(self.cells))

    def look(self, cell: Position) -> None:
        run_at(cell, self.price(), at=self.at)

    def look_at_old_price(self, cell: Position) -> None:
        set_market(self.price(), cell.ticker, self.at - timedelta(hours=self.random.choice((0, 3, 40))))
        run_at(cell, None, at=self.at)

    def flow(self, cell: Position) -> None:
        with unit_of_work():
            move_cash(
                position_id=cell.pk, amount=D(self.random.choice((-50, 700))), stamp=make_stamp(self.at)
            )

    def correct(self, cell: Position) -> None:
        qty = D(self.random.choice((-1, 1, 3)))
        with unit_of_work():
            adjust_books(position_id=cell.pk, qty=qty, reason="counted", stamp=make_stamp(self.at))

    def fill(self, cell: Position) -> None:
        order = make_order(cell, self.random.choice(("BUY", "SELL")), 1, int(self.price()), at=self.at)
        late = timedelta(hours=self.random.choice((0, 2, 50)))
        self.number += 1
        with unit_of_work():
            book_fill(
                order_id=order.pk,
                fill=make_fill(order.side, 1, int(order.price)),
                execution_id=str(self.number),
                executed_at=self.at - late,
                stamp=make_stamp(self.at),
            )

    def begin_day(self, cell: Position) -> None:
        morning(cell, (self.at - timedelta(days=self.random.choice((0, 0, 2)))).date())

    def bring_bar(self, cell: Position) -> None:
        on = self.at.date() - timedelta(days=self.random.choice((-1, 0, 1, 4)))
        price = D(self.price())
        Bar.objects.get_or_create(
            ticker=cell.ticker,
            date=on,
            defaults={"open": price, "high": price, "low": price, "close": price, "volume": 1},
        )

    def price(self) -> str:
        return str(self.random.choice((98, 99, 100, 101, 102, 97)))


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(n, marks=pytest.mark.faults) for n in range(3, 30))]
)
def test_kept_values_equal_the_plain_way_to_the_digit(seed):
    story = Story(seed)
    cells = Position.objects.all()
    for _ in range(STEPS):
        story.go_on()
        if story.random.random() < 0.5:
            keep_values()
        if story.random.random() < 0.3:
            _same(story, cells)
    _same(story, cells.filter(tenant=story.cells[0].tenant))
    _same(story, cells.filter(pk=story.cells[0].pk))
    same_in_all_ways(cells)


def _same(story: Story, cells):
    start, end = sorted(FIRST + timedelta(days=story.random.randrange(14)) for _ in range(2))
    span = {"start": start, "end": end}
    for limits in ({}, span, {"start": start}):
        assert report_of(cells, **limits) == plain_report_of(cells, **limits)
        assert performance_of(cells, **limits).curve == same_in_all_ways(cells, **limits).curve


def _kept():
    """Return all that is kept, but for how often."""
    return [
        list(model.objects.order_by(*order).values_list(*names))
        for model, order, names in (
            (CellDay, ("position", "date"), ("position", "date", "value", "hold_value", "is_step", "told")),
            (TenantDay, ("tenant", "date"), ("tenant", "date", "value", "hold_value", "unknown", "steps")),
            (CellValues, ("pk",), ("pk", "event_seq", "journal_seq", "bars_seen", "now", "closed")),
        )
    ]


def test_keeping_twice_or_from_nothing_keeps_the_same():
    story = Story(1)
    for number in range(12):
        story.go_on()
        if number % 3 == 0:
            keep_values()
    keep_values()
    kept = _kept()

    assert keep_values() == 0
    assert _kept() == kept
    CellDay.objects.all().delete()
    TenantDay.objects.all().delete()
    CellValues.objects.all().delete()
    assert keep_values() == 3
    assert [rows[:2] for rows in _kept()[:2]] == [rows[:2] for rows in kept[:2]]
    assert len(_kept()[0]) == len(kept[0])


def test_what_somebody_else_kept_meanwhile_stays(monkeypatch):
    cell = make_position()
    run_at(cell, 101)
    read = value_keeping.courses_of

    def overtaken(positions):
        courses = read(positions)
        monkeypatch.setattr(value_keeping, "courses_of", read)
        assert keep_values() == 1
        return courses

    monkeypatch.setattr(value_keeping, "courses_of", overtaken)

    assert keep_values() == 0
    assert TenantDay.objects.get().steps == 1
    same_in_all_ways(Position.objects.all())


def test_what_comes_while_a_cell_is_read_is_not_taken_as_covered(monkeypatch):
    cell = make_position()
    run_at(cell, 101)
    read = value_keeping.courses_of

    def disturbed(positions):
        courses = read(positions)
        run_at(cell, 102, at=OPENED_AT + timedelta(days=1))
        return courses

    monkeypatch.setattr(value_keeping, "courses_of", disturbed)

    assert keep_values() == 0
    assert not CellDay.objects.exists()


@pytest.mark.parametrize("change", ["insert", "update", "delete"])
def test_a_bar_that_comes_changes_or_goes_is_noticed_by_the_database(change):
    cell = make_position()
    run_at(cell, 101, at=OPENED_AT + timedelta(days=3))
    prices = dict.fromkeys(("open", "high", "low", "close"), D(90))
    bar = Bar(ticker="IBM", date=FIRST + timedelta(days=1), volume=1, **prices)
    if change != "insert":
        bar.save()
    keep_values()
    before = performance_of(Position.objects.all()).curve

    with connection.cursor() as cursor:
        if change == "insert":
            bar.save()
        elif change == "update":
            cursor.execute("UPDATE market_bar SET high = 95, close = 95")
        else:
            cursor.execute("DELETE FROM market_bar")

    after = same_in_all_ways(Position.objects.all()).curve
    assert after != before


def test_a_cell_whose_sums_would_not_fit_is_followed_each_time():
    cell = make_position(qty="9999999", cash="999999999", anchor="100")
    run_at(cell, 100)
    keep_values()

    assert CellValues.objects.get().now is None
    assert not CellDay.objects.exists()
    same_in_all_ways(Position.objects.all())


def test_only_what_came_since_is_read_of_the_history():
    cell = make_position()
    for number in range(6):
        run_at(cell, 100 + number % 2, at=OPENED_AT + timedelta(days=number))
    keep_values()
    run_at(cell, 101, at=OPENED_AT + timedelta(days=6))

    with CaptureQueriesContext(connection) as captured:
        told = performance_of(Position.objects.all())

    assert told.days_evaluated == 7
    reads = [
        query["sql"] for query in captured if "FROM " in query["sql"] and "positions_event" in query["sql"]
    ]
    assert reads
    assert all("_seq" in sql for sql in reads)
