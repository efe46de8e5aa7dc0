"""Where cells stand and what comes next, for many at once and with nothing saved: what pages show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from market.providers.registry import provider
from market.values import CheckedQuote
from orders.circumstances import circumstances_of_many, snapshot_in
from orders.known_prices import Source
from orders.snapshot import Snapshot
from positions.models import Position
from volbal.decision import closed_gate
from volbal.errors import VolbalError
from volbal.numbers import exact, to_six
from volbal.values import Decision, Gates, MarketQuote

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One cell at the last price known.

    `decision` is made as if nothing stood against trading, so that it says where the next trades are; None
    without a price or an anchor, or with settings that make no sense. `blocked` is what does stand against
    it: a reason of the rules (`halted`, `market_closed`, ...), `invalid_config`, or None.
    """

    position: Position
    quote: MarketQuote | None
    snapshot: Snapshot | None
    decision: Decision | None
    blocked: str | None

    @property
    def price(self) -> Decimal | None:
        """The last price known, in dollars per share."""
        return None if self.quote is None else self.quote.price

    @property
    def value(self) -> Decimal | None:
        """Shares at that price, cash and receivables, in dollars."""
        stock, cash = self.stock, self.position.effective_cash
        return None if stock is None else stock + cash

    @property
    def stock(self) -> Decimal | None:
        """Shares at that price, in dollars."""
        if not self.position.qty:
            return Decimal(0)
        return None if self.price is None else to_six(self.position.qty * self.price)

    @property
    def stock_pct(self) -> Decimal | None:
        """The share of stock in percent points; None without a price or a value."""
        stock, value = self.stock, self.value
        if stock is None or not value:
            return None
        with exact():
            return to_six(_HUNDRED * stock / value)

    def distance_pct(self, price: Decimal | None) -> Decimal | None:
        """Return how far away a price is from the last one known, in percent points with its sign."""
        if price is None or self.price is None:
            return None
        with exact():
            return to_six(_HUNDRED * (price - self.price) / self.price)


def outlooks(
    positions: Collection[Position], prices: Mapping[Source, CheckedQuote], at: datetime
) -> list[Outlook]:
    """Tell where the cells stand, in their order. Three queries, and three more if some live in the past.

    `at` is now; cells on replayed history are looked at as of their last price.
    """
    found: dict[UUID, Outlook] = {}
    for moment, cells in _by_moment(positions, prices, at).items():
        around = circumstances_of_many(cells, moment)
        for cell in cells:
            checked = prices.get((cell.market_provider, cell.ticker), CheckedQuote(quote=None))
            try:
                snapshot = snapshot_in(around[cell.pk], cell, checked.quote, moment, checked.gate)
            except VolbalError:
                found[cell.pk] = _without_rules(cell, checked.quote)
            else:
                found[cell.pk] = _outlook(cell, snapshot)
    return [found[position.pk] for position in positions]


def _by_moment(
    positions: Collection[Position], prices: Mapping[Source, CheckedQuote], at: datetime
) -> dict[datetime, list[Position]]:
    """Cells on replayed history share the moment of the newest of their prices."""
    past = [one for one in positions if provider(one.market_provider).is_confirmed]
    seen = [prices[one.market_provider, one.ticker].quote for one in past if _source(one) in prices]
    moments = [quote.as_of for quote in seen if quote is not None and quote.as_of is not None]
    moment = max(moments, default=at)
    groups: dict[datetime, list[Position]] = defaultdict(list)
    for one in positions:
        groups[moment if one in past else at].append(one)
    return groups


def _source(position: Position) -> Source:
    return position.market_provider, position.ticker


def _outlook(position: Position, snapshot: Snapshot) -> Outlook:
    blocked = closed_gate(snapshot.position, snapshot.order_policy, snapshot.gates)
    decision = None
    if snapshot.quote is not None and snapshot.position.anchor_price is not None:
        decision = replace(snapshot, gates=Gates(reducing=snapshot.gates.reducing)).decide()
    return Outlook(
        position=position, quote=snapshot.quote, snapshot=snapshot, decision=decision, blocked=blocked
    )


def _without_rules(position: Position, quote: MarketQuote | None) -> Outlook:
    return Outlook(position=position, quote=quote, snapshot=None, decision=None, blocked="invalid_config")
