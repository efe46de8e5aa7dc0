"""What a share was last known to be worth: prices that somebody saw, restated for what happened since.

Source: docs/metrics.md, "The price".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from volbal.numbers import EXACT, ZERO, to_six


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A price in dollars per share that was seen at `at`, and where: a trade, a bar, or a quote's source."""

    at: datetime
    price: Decimal
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAction:
    """What moves a share's price by itself from `at` on: a split, or a dividend of `dps` dollars a share."""

    at: datetime
    new_shares: int = 1
    old_shares: int = 1
    dps: Decimal = ZERO

    def after(self, price: Decimal) -> Decimal | None:
        """Restate a price from before in shares of after; None if nothing is left of it."""
        return _above_zero(self._rescaled(price, self.old_shares, self.new_shares) - self.dps)

    def before(self, price: Decimal) -> Decimal | None:
        """Restate a price from after in shares of before; None if it would be too small to write."""
        return _above_zero(self._rescaled(price + self.dps, self.new_shares, self.old_shares))

    @staticmethod
    def _rescaled(price: Decimal, times: int, by: int) -> Decimal:
        return to_six(EXACT.divide(EXACT.multiply(price, Decimal(times)), Decimal(by)))


class PriceTrack:
    """The prices of one cell's share in time, followed from the first to the last."""

    def __init__(self, marks: Iterable[Mark], actions: Iterable[PriceAction]) -> None:
        # At the same moment the action comes first: it acts before the open.
        points: list[Mark | PriceAction] = [*actions, *marks]
        self._points = sorted(points, key=lambda point: point.at)
        self._next = 0
        self.latest: Mark | None = None

    def move_to(self, at: datetime) -> Mark | None:
        """Go forward to `at` and return the last price known then, with when and where it was seen."""
        points = self._points
        while self._next < len(points) and points[self._next].at <= at:
            self.latest = _following(self.latest, points[self._next])
            self._next += 1
        return self.latest

    def worth_at(self, at: datetime) -> Decimal | None:
        """Return the last price known at `at`, else the first one known later; None if none ever was."""
        earlier = PriceTrack([], [])
        earlier._points = self._points
        mark = earlier.move_to(at)
        return mark.price if mark is not None else _first_of(self._points, earlier._next)

    def times(self) -> list[datetime]:
        """Return when something is known to have changed."""
        return [point.at for point in self._points]


def _following(latest: Mark | None, point: Mark | PriceAction) -> Mark | None:
    if isinstance(point, Mark):
        return point
    price = None if latest is None else point.after(latest.price)
    return None if latest is None or price is None else replace(latest, price=price)


def _first_of(points: list[Mark | PriceAction], start: int) -> Decimal | None:
    """Return the first price from `start` on, restated for the actions that came before it."""
    passed: list[PriceAction] = []
    for point in points[start:]:
        if isinstance(point, Mark):
            return _restated_back(point.price, passed)
        passed.append(point)
    return None


def _restated_back(price: Decimal, passed: list[PriceAction]) -> Decimal | None:
    found: Decimal | None = price
    for action in reversed(passed):
        found = None if found is None else action.before(found)
    return found


def _above_zero(price: Decimal) -> Decimal | None:
    return price if price > 0 else None
