"""What the price chart shows: prices, the anchor with its band, trades, ex-dates. Never the future.

A cell on replayed history is shown up to the last day that was decided on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import models

from accounts.polls import version_of
from accounts.prepared import Prepared, Slot
from dividends.models import Receivable, SplitApplication
from market.errors import UnknownTicker
from market.queries import bars_of
from market.values import DayBar
from orders.models import Trade
from orders.tick_models import good_prices
from orders.tick_slots import milliseconds
from positions.models import Position
from volbal.trading_day import start_of, trading_date
from volbal.values import Side
from volbal_site.pages.chart_levels import Evaluation, Level, Levels, evaluations_since, levels_of
from volbal_site.pages.position_now import Ground, newest_of
from volbal_site.templatetags import amounts

# What may be chosen: what it is called, and the days it goes back.
RANGES = {"3m": ("3 months", 92), "1y": ("1 year", 366), "5y": ("5 years", 1827)}
USUAL = "1y"
MOST_POINTS = 1500
MOST_MARKS = 500


class Point(NamedTuple):
    """One bar, or one price of a line (then all four prices are the same), and the level at its end."""

    at: datetime
    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    level: Level


class Mark(NamedTuple):
    """Something that happened: `buy`, `sell`, `dividend` or `split`."""

    at: datetime
    kind: str
    text: str

    @property
    def day(self) -> date:
        """The date in New York."""
        return trading_date(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Prices oldest first, daily bars or (`is_line`) single prices in time, and what happened meanwhile."""

    is_line: bool
    points: Sequence[Point]
    marks: Sequence[Mark]

    def rows(self) -> list[tuple[Point, list[Mark]]]:
        """Return the points with what happened since the one before, newest first: the chart as a table."""
        left = sorted(self.marks)
        found = []
        for point in self.points:
            done = [mark for mark in left if mark.at <= point.at]
            found.append((point, done))
            left = left[len(done) :]
        return found[::-1]

    def as_json(self) -> dict[str, Any]:
        """Return it for the script: decimals as text, times as days or as seconds since 1970."""
        return {
            "line": self.is_line,
            "points": [
                [self._time(p.at, p.day), p.open, p.high, p.low, p.close, *p.level] for p in self.points
            ],
            "marks": [[self._time(mark.at, mark.day), mark.kind, mark.text] for mark in self.marks],
        }

    def _time(self, at: datetime, day: date) -> str | int:
        return int(at.timestamp()) if self.is_line else day.isoformat()


class Span(NamedTuple):
    """The days of a chart, both included, and the bars that there are of them, oldest first."""

    start: date
    end: date
    bars: Sequence[DayBar]


def span_of(ground: Ground, chosen: str) -> Span:
    """Return what one of RANGES comes to for a cell."""
    end = max(trading_date(ground.at), ground.position.opened_date)
    start = end - timedelta(days=RANGES[chosen][1])
    return Span(start, end, _bars(ground, start, end))


def chart_of(ground: Ground, span: Span) -> Chart:
    """Read the chart of a cell; as many queries whatever its history."""
    position, start, bars = ground.position, span.start, span.bars
    evaluations = evaluations_since(position, start_of(start))
    levels = levels_of(position, ground.effective.trigger, evaluations, start=start, at=ground.at)
    is_line = not bars
    points = (
        _prices(position, start, evaluations, levels) if is_line else [_of_bar(bar, levels) for bar in bars]
    )
    since = start_of(points[0].day if points else start)
    return Chart(is_line=is_line, points=points[-MOST_POINTS:], marks=_marks(position, since))


def mark_of(ground: Ground, span: Span) -> str:
    """Return a text that differs when the chart does, without reading it: what happens to a cell is told in
    an event, and what was seen of its market is of a tick.
    """
    position = ground.position
    seen = _LAST_TICK.rows(ticker=position.ticker, provider=position.market_provider)
    return version_of(
        position.pk, position.updated_at, newest_of(position), seen, ground.effective.trigger, span
    )


def _bars(ground: Ground, start: date, end: date) -> list[DayBar]:
    """Return the stored bars, and on a live market the day that is under way made of its ticks."""
    position = ground.position
    try:
        bars = list(bars_of(position.ticker, start=start, end=end))
    except UnknownTicker:
        return []
    if not bars or ground.is_replayed or bars[-1].date == end:
        return bars
    today = [price for _, price in _ticks(position, start_of(end))]
    return [*bars, _bar_of(end, today)] if today else bars


def _bar_of(day: date, prices: Sequence[Decimal]) -> DayBar:
    return DayBar(date=day, open=prices[0], high=max(prices), low=min(prices), close=prices[-1], volume=0)


def _of_bar(bar: DayBar, levels: Levels) -> Point:
    ends_at = start_of(bar.date + timedelta(days=1)) - timedelta(microseconds=1)
    return Point(ends_at, bar.date, bar.open, bar.high, bar.low, bar.close, levels.at(ends_at))


def _prices(
    position: Position, start: date, evaluations: Iterable[Evaluation], levels: Levels
) -> list[Point]:
    """Return single prices where there are no bars: of the schedule's ticks, and of evaluations."""
    seen = dict(sorted([*_evaluated(evaluations), *_ticks(position, start_of(start))]))
    return [
        Point(at, trading_date(at), price, price, price, price, levels.at(at)) for at, price in seen.items()
    ]


def _ticks(position: Position, since: datetime) -> list[tuple[datetime, Decimal]]:
    """Return the newest prices that the schedule saw, by the second, oldest first."""
    newest = _TICKS.rows(ticker=position.ticker, since=milliseconds(since), provider=position.market_provider)
    return [(datetime.fromtimestamp(slot_ms // 1000, UTC), price) for slot_ms, price in reversed(newest)]


def _evaluated(evaluations: Iterable[Evaluation]) -> list[tuple[datetime, Decimal]]:
    return [
        (one.at.replace(microsecond=0), Decimal(one.price)) for one in evaluations if one.price is not None
    ]


def _marks(position: Position, since: datetime) -> list[Mark]:
    found = sorted([*_trades(position, since), *_ex_dates(position, since), *_splits(position, since)])
    return found[-MOST_MARKS:]


def _trades(position: Position, since: datetime) -> Iterable[Mark]:
    for at, side, qty, paid in _TRADES.rows(position=position.pk, since=since):
        verb = "Bought" if side == Side.BUY else "Sold"
        yield Mark(
            at.replace(microsecond=0), side.lower(), f"{verb} {amounts.shares(qty)} at {amounts.price(paid)}"
        )


def _ex_dates(position: Position, since: datetime) -> Iterable[Mark]:
    for day, dps in _EX_DATES.rows(position=position.pk, since=trading_date(since)):
        yield Mark(start_of(day), "dividend", f"Ex-dividend {amounts.price(dps)} a share")


def _splits(position: Position, since: datetime) -> Iterable[Mark]:
    for day, new, old in _SPLITS.rows(position=position.pk, since=trading_date(since)):
        yield Mark(start_of(day), "split", f"Split {new}:{old}")


# Read whenever a chart is drawn or renewed.
_POSITION = Slot("position", models.UUIDField())
_SINCE, _SINCE_DAY = Slot("since", models.DateTimeField()), Slot("since", models.DateField())
_TICKS = Prepared(
    lambda: (
        good_prices()
        .filter(tick__gte=Slot("since", models.BigIntegerField()))
        .order_by("-tick")
        .values_list("tick_id", "price")[:MOST_POINTS]
    )
)
_LAST_TICK = Prepared(lambda: good_prices().order_by("-tick").values_list("tick_id")[:1])
_TRADES = Prepared(
    lambda: (
        Trade.objects.filter(position=_POSITION, executed_at__gte=_SINCE)
        .order_by("-executed_at")
        .values_list("executed_at", "side", "qty", "price")[:MOST_MARKS]
    )
)
_EX_DATES = Prepared(
    lambda: Receivable.objects.filter(position=_POSITION, ex_date__gte=_SINCE_DAY).values_list(
        "ex_date", "dividend__dps"
    )
)
_SPLITS = Prepared(
    lambda: SplitApplication.objects.filter(position=_POSITION, date__gte=_SINCE_DAY).values_list(
        "date", "split__new_shares", "split__old_shares"
    )
)
