from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from simulation.holding import hold
from simulation.tests.builders import (
    BOTH_FILLS,
    both,
    bring_in,
    day,
    fold,
    make_history,
    result,
    start_of,
    told,
)

# Moves only by a 2-for-1 split on the third day and a dividend of 3.08 that goes ex on the fifth.
STILL = make_history(
    ["60.16", "60.16", "30.08", "30.08", "27", "27", "27"],
    dividends=[(day(4), day(6), "3.08")],
    splits=[(day(2), 2, 1)],
)


@pytest.mark.parametrize("fill", BOTH_FILLS)
def test_a_series_that_moves_only_by_its_split_and_its_dividend_makes_no_trade(fill):
    run = fold(STILL, fill=fill)

    assert run.trades == ()
    assert run.final == replace(
        start_of(STILL), qty=Decimal(200), cash=Decimal("6478"), anchor_price=Decimal(27)
    )
    assert run.dividends_received == Decimal("462")
    assert fold(replace(STILL, splits=()), fill=fill).trades != ()
    assert fold(replace(STILL, dividends=()), fill=fill).trades != ()


@pytest.mark.django_db
@pytest.mark.parametrize("fill", BOTH_FILLS)
def test_nor_does_it_through_the_live_path(fill):
    bring_in(STILL)

    printed = both("XYZ", f"--fill={fill.value}")

    assert printed["trades"] == []
    assert printed["final"] == {
        "qty": "200",
        "cash": "6478",
        "dividend_receivable": "0",
        "anchor_price": "27",
        "value": "11878",
    }


@pytest.mark.lesson
@pytest.mark.parametrize("fill", BOTH_FILLS)
def test_at_96_after_a_dividend_of_four_nothing_happens(fill):
    """Dividend 4 on anchor 100: at 96 nothing happens (unadjusted it would have bought)."""
    history = make_history(["100", "96", "96"], dividends=[(day(1), day(30), "4")])

    assert fold(history, fill=fill).trades == ()
    assert [t.side.value for t in fold(replace(history, dividends=()), fill=fill).trades] == ["BUY"]


def test_events_on_days_without_a_bar_act_at_the_next_bar():
    history = make_history(
        ["102", "102", "50"],
        days=[date(2024, 1, 11), date(2024, 1, 12), date(2024, 1, 16)],
        splits=[(date(2024, 1, 13), 2, 1)],
        dividends=[(date(2024, 1, 14), date(2024, 1, 15), "1")],
    )

    run = fold(history)

    assert run.trades == ()
    assert run.final.anchor_price == Decimal(50)
    assert run.final.qty == Decimal(200)
    assert run.final.cash == Decimal(10_200) + 150
    assert fold(replace(history, bars=history.bars[:2])).final == start_of(history)


def test_split_then_ex_dividend_on_the_new_shares_then_payment_then_evaluation():
    history = make_history(["100", "49.5"], splits=[(day(1), 2, 1)], dividends=[(day(1), day(1), "0.5")])

    run = fold(history)

    assert run.trades == ()
    assert (run.final.qty, run.final.anchor_price) == (Decimal(200), Decimal("49.5"))
    assert (run.final.cash, run.dividends_received) == (Decimal(10_075), Decimal(75))


def test_what_is_dated_on_or_before_the_first_bar_is_ignored():
    history = make_history(
        ["100", "100"],
        splits=[(day(-1), 2, 1), (day(0), 3, 1)],
        dividends=[(day(-3), day(1), "1"), (day(0), day(1), "2")],
    )

    run = fold(history)

    assert run.final == start_of(history)
    assert hold(history, start_of(history)) == start_of(history)


def test_a_dividend_not_yet_paid_is_a_receivable_and_counts_in_the_value():
    printed = result(make_history(["100", "99"], dividends=[(day(1), day(9), "1")]))

    assert printed.final.dividend_receivable == Decimal(75)
    assert printed.dividends_received == 0
    assert printed.value == Decimal("9900") + 10_000 + 75


def test_an_anchor_that_is_used_up_ends_all_trading():
    history = make_history(["4", "1", "9", "1"], dividends=[(day(1), day(1), "4")])

    run = fold(history, "min_notional=0", qty="1000")

    assert run.trades == ()
    assert run.final.anchor_price is None


@pytest.mark.django_db
@pytest.mark.parametrize("fill", BOTH_FILLS)
def test_live_stops_there_too(fill):
    bring_in(make_history(["4", "1", "9", "1"], dividends=[(day(1), day(1), "4")]))

    printed = both("XYZ", "--qty=1000", "--set=min_notional=0", f"--fill={fill.value}")

    assert printed["trades"] == []
    assert printed["final"]["anchor_price"] is None


def test_holding_gets_the_splits_and_the_dividends_too():
    held = hold(STILL, start_of(STILL))

    assert (held.qty, held.cash) == (Decimal(200), Decimal("6478"))


def test_a_reverse_split_cuts_the_shares_toward_zero():
    run = fold(make_history(["100", "300"], splits=[(day(1), 1, 3)]))

    assert run.final.qty == Decimal("33.33333333")
    assert told(run.trades) == []


@pytest.mark.django_db
@pytest.mark.parametrize("fill", BOTH_FILLS)
def test_days_without_a_bar_come_one_after_the_other(fill):
    """The dividend of the 2nd day is paid on the shares before the split of the 3rd; both act on the 5th."""
    history = make_history(
        ["100", "49.5"], days=[day(0), day(4)], dividends=[(day(1), day(4), "1")], splits=[(day(2), 2, 1)]
    )
    bring_in(history)

    run = fold(history, fill=fill)

    assert (run.final.qty, run.final.anchor_price) == (200, Decimal("49.5"))
    assert run.dividends_received == Decimal("75")
    printed = both("XYZ", f"--fill={fill.value}")
    assert printed["final"]["qty"] == "200"
    assert printed["final"]["cash"] == "10075"
