"""Cells that the live replay trades over the network, at three brokers, as fast as it can."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils import timezone

from accounts.models import Tenant
from accounts.transactions import Stamp, unit_of_work
from configs.services import change_config
from dividends.imports import import_actions
from market.bundled_history import bundled_history
from market.calendar import close_of, next_session
from market.providers.registry import provider
from market.replay_clock import read_clock, set_clock
from positions.services import open_position
from simulation.live_replay import drive, open_orders, waiting_cells

# Ticker, shares, threshold in percent, broker. They trade often, and never alike: a broker's fills and faults
# follow from an order's numbers.
CELLS = [
    ("IBM", 100, "1", "first"),
    ("MSFT", 200, "1.5", "second"),
    ("IBM", 40, "1.5", "third"),
    ("MSFT", 90, "2", "first"),
    ("IBM", 70, "2", "second"),
    ("MSFT", 150, "1", "third"),
]
FIRST_DAY = date(2003, 1, 2)


def set_up(ticks: int, calm: int = 1) -> None:
    """Open the cells at the first close, and set the clock to play so many days after it.

    `calm` is how many times wider the cells' thresholds are.
    """
    with unit_of_work():
        tenant = Tenant.objects.create(name="history")
        for ticker in ("IBM", "MSFT"):
            import_actions(bundled_history(ticker), stamp=_stamp(), owner=tenant)
        clock = set_clock(
            first_day=FIRST_DAY, last_day=_day_after(ticks), pace_s=Decimal(0), now=timezone.now()
        )
        for cell in CELLS:
            drive(_open_cell(tenant, calm, *cell), run=clock.run)


def day_number() -> int:
    """Return how far the replay is; -1 when it is over."""
    clock = read_clock()
    return -1 if clock.is_finished else clock.day.toordinal() - FIRST_DAY.toordinal()


def is_at_work() -> bool:
    """Whether a day has begun and isn't done."""
    clock = read_clock()
    return waiting_cells(clock).exists() or open_orders(clock).exists()


def _day_after(ticks: int) -> date:
    day = FIRST_DAY
    for _ in range(ticks):
        day = next_session(day).date
    return day


def _open_cell(tenant: Tenant, calm: int, ticker: str, qty: int, threshold: str, broker: str):
    price = provider("replay").close_quote(ticker, FIRST_DAY).price
    position = open_position(
        tenant_id=tenant.pk,
        ticker=ticker,
        qty=Decimal(qty),
        cash=qty * price,
        anchor_price=price,
        stamp=_stamp(),
        market_provider="replay",
        broker=broker,
    )
    pct = calm * Decimal(threshold)
    for group, values in {
        "trigger": {"up_threshold_pct": pct, "down_threshold_pct": pct},
        "order_policy": {"min_notional": Decimal(1), "slippage_bps": Decimal(2)},
    }.items():
        change_config(group=group, scope="POSITION", values=values, position_id=position.pk, stamp=_stamp())
    return position


def _stamp() -> Stamp:
    return Stamp(at=close_of(FIRST_DAY), actor="driver")
