"""One cell at a glance: what the first view of its page shows, and renews every few seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.polls import version_of
from accounts.prepared import Prepared, Slot
from alerts.models import Alert
from configs.resolver import EffectiveConfig
from market.providers.registry import provider
from market.values import CheckedQuote
from orders.checked import Checked, checked_since
from orders.circumstances import Circumstances, circumstances_of
from orders.known_prices import known_prices
from orders.models import Order, Trade
from orders.next_trades import NextTrade, NextTrades, blocked_by, next_trades
from orders.order_words import Awaited, awaited
from orders.real_money import is_real_money
from positions.events import chain_of, position_chain
from positions.history import evaluations_in
from positions.models import Event, Position
from simulation.holding_now import holdings_of
from volbal.errors import InvalidConfig, OutOfRange
from volbal.numbers import exact, plain, to_six
from volbal.performance import Holding
from volbal.values import Decision, Side
from volbal_site.pages.links import link_to
from volbal_site.pages.ways_out import BLOCKED, WayOut, refusal

_HUNDRED = Decimal(100)
DEMO, PAPER, BY_HAND, LIVE = "Demo", "Paper", "By hand", "Live"
# How many decisions of one moment are looked through, and how many alerts are shown.
_OF_ONE_MOMENT, _MOST_ALERTS = 5, 5
_POSITION = Slot("position", models.UUIDField())
_CHAIN = Slot("chain", models.CharField())
# What everybody who has the page open reads every few seconds.
_LAST_EVALUATION = Prepared(lambda: evaluations_in(_CHAIN).order_by("-seq").defer("inputs", "outputs")[:1])
_LAST_TRADE = Prepared(
    lambda: (
        Trade.objects.filter(position=_POSITION)
        .select_related("order")
        .order_by("-executed_at", "-booked_at")[:1]
    )
)
_DECISION_BEHIND = Prepared(
    lambda: (
        evaluations_in(_CHAIN).filter(ts=Slot("at", models.DateTimeField())).order_by("-seq")[:_OF_ONE_MOMENT]
    )
)
_ALERTS = Prepared(
    lambda: (
        Alert.objects.filter(Q(tenant=Slot("tenant", models.UUIDField())) | Q(tenant=None))
        .waiting()
        .filter(position_id=_POSITION)
        .order_by("-created_at")[:_MOST_ALERTS]
    )
)
_NEWEST = Prepared(lambda: Event.objects.filter(chain=_CHAIN).order_by("-seq").values_list("seq")[:1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What everything about a cell just now stands on: its last known price, settings, orders and switches.

    `at` is now; for a cell on replayed history it is the moment of that price.
    """

    position: Position
    checked: CheckedQuote
    circumstances: Circumstances
    at: datetime

    @property
    def price(self) -> Decimal | None:
        """The last price known, in dollars per share."""
        return None if self.checked.quote is None else self.checked.quote.price

    @property
    def effective(self) -> EffectiveConfig:
        """The settings in force."""
        return self.circumstances.effective

    @property
    def is_replayed(self) -> bool:
        """Whether its prices are of the past."""
        return provider(self.position.market_provider).is_confirmed


def ground_of(position: Position) -> Ground:
    """Read what a cell stands on, without asking any market. Writes nothing."""
    source = (position.market_provider, position.ticker)
    checked = known_prices([source], [position]).get(source, CheckedQuote(quote=None))
    at = timezone.now()
    if provider(position.market_provider).is_confirmed:
        at = position.created_at if checked.quote is None else checked.quote.as_of or at
    return Ground(position=position, checked=checked, circumstances=circumstances_of(position, at), at=at)


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A cell as its page shows it.

    `newest` is the number of its last event. What that and the other fields settle is read when it is asked
    for, which is never while the page has it drawn already (`version`).
    """

    ground: Ground
    blocked: str | None
    checked: Checked | None
    alerts: list[Alert]
    newest: int

    @property
    def position(self) -> Position:
        """The cell."""
        return self.ground.position

    @property
    def mode(self) -> str:
        """Whether it is demo, paper, by hand or live."""
        if self.ground.is_replayed:
            return DEMO
        if is_real_money(self.position.broker, self.position.tenant_id):
            return LIVE
        return BY_HAND if self.position.broker == "manual" else PAPER

    @cached_property
    def trades(self) -> NextTrades | None:
        """The next trades as seen from the last price or the anchor, if there can be any."""
        ground = self.ground
        seen_from = ground.price if ground.price is not None else self.position.anchor_price
        if seen_from is None:
            return None
        try:
            return next_trades(ground.circumstances, self.position, seen_from, ground.at)
        except (InvalidConfig, OutOfRange):  # settings make no sense, or a trade too large for the books
            return None

    @cached_property
    def last_trade(self) -> Trade | None:
        """Its newest trade."""
        return _LAST_TRADE.first(position=self.position.pk)

    @cached_property
    def last_decision(self) -> Event | None:
        """The evaluation that its newest trade's order was made by, if it was made by one."""
        return None if self.last_trade is None else decision_behind(self.last_trade.order)

    @cached_property
    def open_orders(self) -> list[tuple[Order, Awaited | None]]:
        """What may still be executed, and what it waits for."""
        found = [order for order in self.ground.circumstances.orders if order.is_open]
        return [(order, awaited(order, timezone.now())) for order in found]

    @property
    def price_age(self) -> str:
        """Whether the last price known is fresh, in a word or two."""
        if self.ground.price is None:
            return "no price yet"
        return "not fresh" if self.blocked in ("stale_quote", "outlier_quote") else ""

    @cached_property
    def worth(self) -> Worth:
        """What it is worth."""
        held = holdings_of(Position.objects.filter(pk=self.position.pk))
        return worth_of(self.position, self.ground.price, held.get(self.position.pk))

    @cached_property
    def way_out(self) -> Help | None:
        """What stands against trading just now, and what leads out of it."""
        way = BLOCKED.get(self.blocked or "")
        return None if way is None else _help(way, self.position)

    @cached_property
    def sides(self) -> list[SideSight]:
        """The nearest purchase and the nearest sale, or why there is none."""
        return [self._side(Side.BUY), self._side(Side.SELL)]

    def _side(self, side: Side) -> SideSight:
        trades = self.trades
        if trades is None:  # the template doesn't ask
            return SideSight(side=side, trade=None, obstacle=None)
        is_buy = side is Side.BUY
        trade, refused = (trades.buy, trades.refused_buy) if is_buy else (trades.sell, trades.refused_sell)
        obstacle = None
        if trade is None or refused is not None:
            way = refusal(side, refused, trades, self.ground.effective.guardrail)
            obstacle = _help(way, self.position)
        return SideSight(side=side, trade=trade, obstacle=obstacle)

    @cached_property
    def version(self) -> str:
        """A text that differs when what is shown does."""
        return version_of(
            self.newest,
            self.position.updated_at,
            self.ground.checked.quote,
            self.ground.effective,
            self.ground.circumstances.state,
            self.blocked,
            self.checked,
            [(order.pk, order.status, order.filled_qty) for order in self.ground.circumstances.orders],
            [alert.pk for alert in self.alerts],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSight:
    """One side of the next-trades card: a trade, what stands in its way where it was expected, or both."""

    side: Side
    trade: NextTrade | None
    obstacle: Help | None

    @property
    def verb(self) -> str:
        """What it does there."""
        return "Buys" if self.side is Side.BUY else "Sells"

    @property
    def decision(self) -> Decision | None:
        """What is decided there."""
        return None if self.trade is None else self.trade.decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Something in the way, with a link to what helps, if there is such a page."""

    way: WayOut
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a cell is worth in dollars and against just holding, and how much of it is stock, in %.

    None where it takes a price that nobody knows.
    """

    value: Decimal | None
    stock: Decimal | None
    stock_pct: Decimal | None
    held: Decimal | None
    against_holding: Decimal | None
    against_holding_pct: Decimal | None


def worth_of(position: Position, price: Decimal | None, holding: Holding | None) -> Worth:
    """Tell what a cell is worth at `price`, in dollars per share, beside what just holding would be worth."""
    mine = Holding(position.qty, position.effective_cash)
    value = mine.value_at(price)
    held = None if holding is None else holding.value_at(price)
    stock = None if value is None else value - mine.cash
    more = None if value is None or held is None else value - held
    return Worth(
        value=value,
        stock=stock,
        stock_pct=_pct_of(stock, value),
        held=held,
        against_holding=more,
        against_holding_pct=_pct_of(more, held),
    )


def _pct_of(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    if part is None or not whole:
        return None
    with exact():
        return to_six(_HUNDRED * part / whole)


def sight_of(position: Position) -> Sight:
    """Read what the page of a cell shows at once; as many queries whatever its history. Writes nothing."""
    ground = ground_of(position)
    last = _LAST_EVALUATION.first(chain=position_chain(position))
    return Sight(
        ground=ground,
        blocked=_blocked(ground),
        checked=None if last is None else checked_since(position, last.ts, ground.effective.trigger),
        alerts=_alerts(position),
        newest=newest_of(position),
    )


def _blocked(ground: Ground) -> str | None:
    """Return what stands against trading on the market just now."""
    try:
        return blocked_by(ground.circumstances, ground.position, ground.checked, ground.at)
    except InvalidConfig:
        return "invalid_config"


def decision_behind(order: Order) -> Event | None:
    """Return the evaluation that made an order; None for one by hand."""
    made = _DECISION_BEHIND.rows(chain=chain_of(order.position_id), at=order.created_at)
    decided = {"side": order.side, "qty": plain(order.qty)}
    return next((event for event in made if decided.items() <= _decision_in(event).items()), None)


def _decision_in(event: Event) -> dict[str, object]:
    decision = event.outputs.get("decision")
    return decision if isinstance(decision, dict) else {}


def _alerts(position: Position) -> list[Alert]:
    return _ALERTS.rows(position=position.pk, tenant=position.tenant_id)


def newest_of(position: Position) -> int:
    """Return the number of a cell's last event."""
    newest = _NEWEST.first(chain=position_chain(position))
    return newest[0] if newest else 0


def _help(way: WayOut, position: Position) -> Help:
    ids = (position.pk,) if way.of_position else ()
    return Help(way=way, address=link_to(way.page, *ids) if way.page else "")
