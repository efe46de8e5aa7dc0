from decimal import Decimal

import pytest

from simulation.setup import FillModel
from simulation.tests.builders import both, bring_in, day, fold, make_history, told

NEXT_OPEN = {"fill": FillModel.NEXT_OPEN}


def test_what_a_close_asks_for_is_filled_at_the_next_open_by_a_decision_of_its_own():
    history = make_history(["100", "104", "105"], opens=["100", "101", "105"])

    run = fold(history, **NEXT_OPEN)
    at_close = fold(make_history(["100", "105"]))

    assert told(run.trades) == [("2024-01-10", "SELL", told(at_close.trades)[0][2], "105")]
    assert run.final.anchor_price == Decimal(105)


def test_it_is_dropped_when_the_open_no_longer_asks():
    history = make_history(["100", "104", "104"], opens=["100", "100", "102"])

    assert fold(history, **NEXT_OPEN).trades == ()


def test_an_open_that_asks_for_the_other_side_gets_the_other_side():
    history = make_history(["100", "104", "97"], opens=["100", "100", "96"])

    assert [(t.side.value, t.price) for t in fold(history, **NEXT_OPEN).trades] == [("BUY", Decimal(96))]


def test_an_open_that_nobody_asked_for_trades_nothing():
    history = make_history(["100", "100", "100"], opens=["100", "110", "90"])

    assert fold(history, **NEXT_OPEN).trades == ()


def test_the_last_close_finds_no_open_any_more():
    assert fold(make_history(["100", "104"]), **NEXT_OPEN).trades == ()


def test_after_a_fill_at_the_open_the_same_days_close_is_evaluated_as_usual():
    history = make_history(["100", "104", "109", "109"], opens=["100", "100", "104", "109"])

    trades = fold(history, **NEXT_OPEN).trades

    assert [(t.date, t.side.value, t.price) for t in trades] == [
        (day(2), "SELL", Decimal(104)),
        (day(3), "SELL", Decimal(109)),
    ]


def test_the_split_of_the_next_morning_comes_before_the_open():
    history = make_history(["100", "104", "52"], opens=["100", "100", "52"], splits=[(day(2), 2, 1)])

    (trade,) = fold(history, **NEXT_OPEN).trades
    (unsplit,) = fold(make_history(["100", "104", "104"]), **NEXT_OPEN).trades

    assert (trade.side.value, trade.price) == ("SELL", Decimal(52))
    assert abs(trade.qty - 2 * unsplit.qty) <= Decimal("0.00000001")


def test_the_ex_dividend_of_the_next_morning_comes_before_the_open():
    """The drop by the dividend alone is no move: the wish of the evening before still holds."""
    history = make_history(
        ["100", "104", "103"], opens=["100", "100", "103"], dividends=[(day(2), day(30), "1")]
    )

    (trade,) = fold(history, **NEXT_OPEN).trades

    assert (trade.side.value, trade.price) == ("SELL", Decimal(103))
    unadjusted = make_history(["100", "104", "102.5"], opens=["100", "100", "102.5"])
    assert fold(unadjusted, **NEXT_OPEN).trades == ()


def test_the_daily_cap_counts_the_fill_at_the_open():
    history = make_history(["100", "104", "109", "109"], opens=["100", "100", "104", "109"])

    trades = fold(history, "max_orders_per_day=1", **NEXT_OPEN).trades

    assert [t.date for t in trades] == [day(2)]


@pytest.mark.django_db
def test_live_drops_and_fills_the_same():
    bring_in(
        make_history(
            ["100", "104", "104", "109", "97", "96", "52"],
            opens=["100", "100", "102", "110", "108", "99", "52"],
            splits=[(day(6), 2, 1)],
            dividends=[(day(3), day(5), "0.5")],
        )
    )

    trades = both("XYZ", "--fill=next_open")["trades"]

    assert [(trade["date"], trade["price"]) for trade in trades] == [
        ("2024-01-11", "110"),
        ("2024-01-13", "99"),
        ("2024-01-14", "52"),
    ]


@pytest.mark.django_db
def test_live_counts_the_fill_at_the_open_too():
    bring_in(make_history(["100", "104", "109", "109"], opens=["100", "100", "104", "109"]))

    capped = both("XYZ", "--fill=next_open", "--set=max_orders_per_day=1")["trades"]

    assert [trade["date"] for trade in capped] == ["2024-01-10"]
    assert len(both("XYZ", "--fill=next_open")["trades"]) == 2
