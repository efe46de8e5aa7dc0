"""The last known price of a share, restated for splits and dividends since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from volbal.price_track import Mark, PriceAction, PriceTrack

NOON = datetime(2024, 1, 8, 17, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def mark(hours: float, price: str, source: str = "trade") -> Mark:
    return Mark(at=at(hours), price=Decimal(price), source=source)


def split(hours: float, new: int, old: int) -> PriceAction:
    return PriceAction(at=at(hours), new_shares=new, old_shares=old)


def dividend(hours: float, dps: str) -> PriceAction:
    return PriceAction(at=at(hours), dps=Decimal(dps))


def price_at(track: PriceTrack, hours: float) -> Decimal | None:
    known = track.move_to(at(hours))
    return None if known is None else known.price


def test_the_last_price_seen_counts_whatever_the_order_they_came_in():
    track = PriceTrack([mark(3, "103", "bar"), mark(1, "101")], [])

    assert [price_at(track, hours) for hours in (0, 1, 2.9, 3, 99)] == [None, 101, 101, 103, 103]
    assert track.latest == mark(3, "103", "bar")


@pytest.mark.parametrize(
    ("actions", "price"),
    [
        ([split(2, 2, 1)], "50"),
        ([split(2, 3, 2)], "66.666667"),
        ([dividend(2, "0.82")], "99.18"),
        ([split(2, 2, 1), dividend(3, "1")], "49"),
        ([dividend(2, "1"), split(3, 2, 1)], "49.5"),
        ([split(0, 2, 1)], "100"),  # the price was seen after it
        ([dividend(2, "100")], None),
        ([dividend(2, "100"), split(3, 1, 2)], None),
    ],
)
def test_a_price_from_before_is_restated(actions, price):
    track = PriceTrack([mark(1, "100")], actions)

    assert price_at(track, 5) == (None if price is None else Decimal(price))


def test_a_restated_price_says_when_it_was_really_seen():
    track = PriceTrack([mark(1, "100")], [split(2, 2, 1)])

    assert track.move_to(at(5)) == mark(1, "50")


def test_a_price_seen_at_the_moment_of_a_split_is_one_of_after():
    track = PriceTrack([mark(0, "100"), mark(2, "51")], [split(2, 2, 1)])

    assert price_at(track, 2) == 51


@pytest.mark.parametrize(
    ("hours", "price"),
    [(1, "100"), (2, "50"), (9, "50"), (0, "100"), (-5, "50")],
)
def test_shares_were_worth_the_last_price_before_else_the_first_after(hours, price):
    track = PriceTrack([mark(1, "100")], [split(-1, 1, 2), split(2, 2, 1)])

    assert track.worth_at(at(hours)) == Decimal(price)


def test_a_dividend_is_put_back_on_a_price_from_after():
    assert PriceTrack([mark(1, "99")], [dividend(0.5, "1")]).worth_at(at(0)) == 100


def test_what_nobody_ever_saw_a_price_of_is_worth_nothing_known():
    assert PriceTrack([], [split(1, 2, 1)]).worth_at(at(0)) is None


def test_asking_what_shares_were_worth_does_not_move_the_track():
    track = PriceTrack([mark(1, "101"), mark(3, "103")], [])
    track.move_to(at(1))

    assert track.worth_at(at(5)) == 103
    assert track.latest == mark(1, "101")
