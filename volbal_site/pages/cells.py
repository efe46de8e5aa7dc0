"""The cells of a tenant as the overview shows them: totals of all, and a page of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Tenant
from market.closes import closes_before
from market.values import CheckedQuote
from orders.known_prices import Source, known_prices
from orders.models import Trade
from orders.outlook import Outlook, outlooks
from positions.models import Position, PositionStatus
from simulation.holding_now import holdings_of
from volbal.numbers import ZERO, exact, to_six
from volbal.performance import Holding
from volbal.trading_day import trading_date

ROWS = 25
BLOCKED = {
    "halted": "Stopped",
    "paused": "Paused",
    "no_anchor": "Needs an anchor",
    "market_closed": "Market closed",
    "stale_quote": "No fresh price",
    "outlier_quote": "Price in doubt",
    "split_suspected": "Split suspected",
    "duplicate": "Order open",
    "invalid_config": "Settings clash",
}
_SUMS = (
    "value", "stock", "cash", "against_holding", "against_holding_pct", "day_change", "day_change_pct",
    "stock_pct", "priced_at",
)  # fmt: skip
# What a person has to do something about; the rest goes away by itself.
NEEDS_SOMEBODY = frozenset({"halted", "no_anchor", "outlier_quote", "split_suspected", "invalid_config"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One cell: where it stands, how its day went, and its last trade."""

    outlook: Outlook
    day_change_pct: Decimal | None
    last_trade: Trade | None

    @property
    def blocked_words(self) -> str:
        """What stands against trading, in a word or two; nothing if nothing does."""
        return BLOCKED.get(self.outlook.blocked or "", "")

    @property
    def blocked_tone(self) -> str:
        """How much that matters."""
        return "bad" if self.outlook.blocked in NEEDS_SOMEBODY else "wait"

    @property
    def to_buy_pct(self) -> Decimal | None:
        """How far the price would have to move for the next purchase."""
        decision = self.outlook.decision
        return None if decision is None else self.outlook.distance_pct(decision.buy_at)

    @property
    def to_sell_pct(self) -> Decimal | None:
        """How far the price would have to move for the next sale."""
        decision = self.outlook.decision
        return None if decision is None else self.outlook.distance_pct(decision.sell_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All cells together, in dollars. Cells without a known price are left out of all sums and counted."""

    cells: int
    paused: int
    without_price: int
    value: Decimal | None
    stock: Decimal | None
    cash: Decimal | None
    against_holding: Decimal | None
    against_holding_pct: Decimal | None
    day_change: Decimal | None
    day_change_pct: Decimal | None
    stock_pct: Decimal | None
    priced_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """What the overview shows."""

    totals: Totals
    rows: Sequence[Row]
    page: Page[Position]


@dataclass(frozen=True, slots=True)
class _Priced:
    """A cell with what is known of its ticker's price."""

    position: Position
    price: Decimal
    before: Decimal | None
    hold: Holding


def open_cells(tenant: Tenant) -> QuerySet[Position]:
    """Return the tenant's cells that are not closed, as they are listed."""
    mine = Position.objects.of_tenant(tenant).exclude(status=PositionStatus.CLOSED)
    return mine.order_by("ticker", "number")


def cells_of(tenant: Tenant, *, page_number: str | int, at: datetime) -> Cells:
    """Read totals and a page of rows; the number of queries doesn't depend on how many cells there are."""
    cells = list(open_cells(tenant))
    sources = {(cell.market_provider, cell.ticker) for cell in cells}
    prices = known_prices(sources, cells)
    before = _closes_before(prices)
    page = Paginator(cells, ROWS).get_page(page_number)
    shown = list(page.object_list)
    trades = _last_trades(shown)
    rows = [
        Row(
            outlook=outlook,
            day_change_pct=_change_pct(outlook.price, before.get(_source(outlook.position))),
            last_trade=trades.get(outlook.position.pk),
        )
        for outlook in outlooks(shown, prices, at)
    ]
    return Cells(totals=_totals(cells, prices, before, holdings_of(open_cells(tenant))), rows=rows, page=page)


def _source(position: Position) -> Source:
    return position.market_provider, position.ticker


def _closes_before(prices: Mapping[Source, CheckedQuote]) -> dict[Source, Decimal]:
    """Return the close of the session before each price's, by source; replayed and real days may be mixed."""
    days = {
        source: trading_date(checked.quote.as_of)
        for source, checked in prices.items()
        if checked.quote is not None and checked.quote.as_of is not None
    }
    found: dict[Source, Decimal] = {}
    for name in sorted({provider for provider, _ in days}):
        mine = {ticker: day for (provider, ticker), day in days.items() if provider == name}
        found |= {(name, ticker): close for ticker, close in closes_before(mine).items()}
    return found


def _last_trades(positions: Iterable[Position]) -> dict[UUID, Trade]:
    newest = Trade.objects.filter(position=OuterRef("pk")).order_by("-executed_at", "-booked_at").values("pk")
    ids = Position.objects.filter(pk__in=[one.pk for one in positions]).values(last=Subquery(newest[:1]))
    return {trade.position_id: trade for trade in Trade.objects.filter(pk__in=ids).select_related("order")}


def _totals(
    cells: Sequence[Position],
    prices: Mapping[Source, CheckedQuote],
    before: Mapping[Source, Decimal],
    holdings: Mapping[UUID, Holding],
) -> Totals:
    priced = list(_priced(cells, prices, before, holdings))
    stock = sum((to_six(one.position.qty * one.price) for one in priced), ZERO)
    cash = sum((one.position.effective_cash for one in priced), ZERO)
    held = sum((one.hold.value_at(one.price) or ZERO for one in priced), ZERO)
    change = _day_change(priced)
    times = [checked.quote.as_of for checked in prices.values() if checked.quote and checked.quote.as_of]
    value = stock + cash
    paused = sum(cell.status == PositionStatus.PAUSED for cell in cells)
    if cells and not priced:
        return Totals(cells=len(cells), paused=paused, without_price=len(cells), **dict.fromkeys(_SUMS))
    return Totals(
        cells=len(cells),
        paused=paused,
        without_price=len(cells) - len(priced),
        value=value,
        stock=stock,
        cash=cash,
        against_holding=value - held,
        against_holding_pct=_pct_of(value - held, held),
        day_change=change,
        day_change_pct=None if change is None else _pct_of(change, value - change),
        stock_pct=_pct_of(stock, value),
        priced_at=max(times, default=None),
    )


def _priced(
    cells: Iterable[Position],
    prices: Mapping[Source, CheckedQuote],
    before: Mapping[Source, Decimal],
    holdings: Mapping[UUID, Holding],
) -> Iterable[_Priced]:
    """A cell without shares is worth its cash at any price."""
    for cell in cells:
        checked = prices.get(_source(cell))
        hold = holdings.get(cell.pk, Holding())
        if checked is not None and checked.quote is not None:
            yield _Priced(cell, checked.quote.price, before.get(_source(cell)), hold)
        elif not cell.qty and not hold.qty:
            yield _Priced(cell, ZERO, ZERO, hold)


def _day_change(priced: Sequence[_Priced]) -> Decimal | None:
    """Return what today's moves made of the shares held now; None if a close before is unknown."""
    change = ZERO
    for one in priced:
        if one.position.qty:
            if one.before is None:
                return None
            change += to_six(one.position.qty * (one.price - one.before))
    return change


def _change_pct(price: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if price is None or before is None else _pct_of(price - before, before)


def _pct_of(part: Decimal, whole: Decimal) -> Decimal | None:
    if not whole:
        return None
    with exact():
        return to_six(100 * part / whole)
