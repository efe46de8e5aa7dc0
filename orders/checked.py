"""How often the schedule has looked at a cell since its last recorded evaluation, and how near it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import Count, Max, Min, Value

from accounts.prepared import Prepared, Slot
from orders.tick_models import good_prices
from orders.tick_slots import milliseconds
from positions.models import Position
from volbal.numbers import exact, to_six
from volbal.values import Side, TriggerConfig

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How often it was checked without anything new, since when, and the nearest that the price came.

    `nearest_pct` is how far the price was from the anchor on the side that it came nearest to trading on,
    of the `threshold_pct` that it takes; both in percent points, and 0 if it never left the anchor.
    """

    times: int
    since: datetime
    nearest_pct: Decimal
    threshold_pct: Decimal
    side: Side


def checked_since(position: Position, since: datetime, trigger: TriggerConfig) -> Checked | None:
    """Return what ticks with a good price after `since` came to; None without one, or without an anchor."""
    times, *reached = _REACHED.rows(
        ticker=position.ticker, since=milliseconds(since), provider=position.market_provider
    )[0]
    if not times or position.anchor_price is None:
        return None
    lowest, highest = (Decimal(ticks).scaleb(-6) for ticks in reached)
    side, nearest, threshold = nearest_side(position.anchor_price, lowest, highest, trigger)
    return Checked(times=times, since=since, nearest_pct=nearest, threshold_pct=threshold, side=side)


# Over all rows, hence one group; everybody who has a cell's page open asks every few seconds.
_REACHED = Prepared(
    lambda: (
        good_prices()
        .filter(tick__gt=Slot("since", models.BigIntegerField()))
        .values(all=Value(1))
        .annotate(times=Count("pk"), lowest=Min("ticks"), highest=Max("ticks"))
        .values_list("times", "lowest", "highest")
    )
)


def nearest_side(
    anchor: Decimal, lowest: Decimal, highest: Decimal, trigger: TriggerConfig
) -> tuple[Side, Decimal, Decimal]:
    """Return (side, how far the price went, its threshold) of the threshold that prices came nearest to.

    Prices in dollars, distances in percent points of the anchor.
    """
    with exact():
        up = max(to_six((highest - anchor) * _HUNDRED / anchor), Decimal(0))
        down = max(to_six((anchor - lowest) * _HUNDRED / anchor), Decimal(0))
    if up * trigger.down_threshold_pct >= down * trigger.up_threshold_pct:
        return Side.SELL, up, trigger.up_threshold_pct
    return Side.BUY, down, trigger.down_threshold_pct
