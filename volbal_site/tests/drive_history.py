"""Trading bundled history over the network, tick by tick; the next tick waits until no order is open."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from accounts.models import Tenant
from accounts.transactions import Stamp, unit_of_work
from configs.services import change_config
from dividends.imports import import_actions
from dividends.services import begin_day
from market.bundled_history import bundled_history
from market.calendar import close_of, open_of
from market.providers.registry import provider
from orders.cycle import run_cycle
from orders.models import Order
from positions.models import Position
from positions.services import open_position

CELLS = [("IBM", 100, "1"), ("MSFT", 200, "1"), ("IBM", 40, "1.5"), ("MSFT", 90, "2")]
BROKER = "paper_http"
FIRST_DAY = date(2003, 1, 2)
PATIENCE_S = 120


def drive(ticks: int, meanwhile: Callable[[int], None]) -> None:
    """Trade so many days; call `meanwhile` with the day's number again and again while orders are open."""
    bars = [bar for bar in bundled_history("IBM").bars if bar.date >= FIRST_DAY][: ticks + 1]
    cells = open_cells(bars[0].date)
    for tick, bar in enumerate(bars[1:]):
        begin(cells, bar.date)
        trade(cells, bar.date)
        wait_until_done(tick, meanwhile)


def open_cells(day: date) -> list[Position]:
    """Open the cells at a day's close, with thresholds so narrow that they trade often."""
    provider("replay").move_to(close_of(day))
    quotes = provider("replay").latest_quotes(["IBM", "MSFT"])
    with unit_of_work():
        tenant = Tenant.objects.create(name="history")
        for ticker in quotes:
            import_actions(bundled_history(ticker), stamp=stamp(close_of(day)))
        return [open_cell(tenant, *cell, quotes[cell[0]].price, close_of(day)) for cell in CELLS]


def open_cell(
    tenant: Tenant, ticker: str, qty: int, threshold: str, price: Decimal, at: datetime
) -> Position:
    position = open_position(
        tenant_id=tenant.pk,
        ticker=ticker,
        qty=Decimal(qty),
        cash=qty * price,
        anchor_price=price,
        stamp=stamp(at),
        market_provider="replay",
        broker=BROKER,
    )
    pct = Decimal(threshold)
    for group, values in {
        "trigger": {"up_threshold_pct": pct, "down_threshold_pct": pct},
        "order_policy": {"min_notional": Decimal(1), "slippage_bps": Decimal(2)},
    }.items():
        change_config(group=group, scope="POSITION", values=values, position_id=position.pk, stamp=stamp(at))
    return position


def begin(cells: list[Position], day: date) -> None:
    for cell in cells:
        with unit_of_work():
            begin_day(position_id=cell.pk, on=day, stamp=stamp(open_of(day)))


def trade(cells: list[Position], day: date) -> None:
    provider("replay").move_to(close_of(day))
    for cell in cells:
        run_cycle(position_id=cell.pk, stamp=stamp(close_of(day)))


def wait_until_done(tick: int, meanwhile: Callable[[int], None]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while Order.objects.open().exists():
        assert time.monotonic() < ends, list(Order.objects.open().values())
        meanwhile(tick)
        time.sleep(0.005)


def stamp(at: datetime) -> Stamp:
    return Stamp(at=at, actor="driver")
