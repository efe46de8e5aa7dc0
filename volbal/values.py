"""The values that the rules speak about. All frozen; money and quantities are Decimal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from volbal.numbers import ZERO

if TYPE_CHECKING:
    from volbal.kernel import Outcome


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "BUY"
    SELL = "SELL"


class Action(StrEnum):
    """What a decision says: trade, wait, or why not."""

    HOLD = "HOLD"
    BUY = "BUY"
    SELL = "SELL"
    SKIP = "SKIP"
    REJECT = "REJECT"


class BelowMin(StrEnum):
    """What becomes of a trade under the minimums: no order, a rejected order, or the minimum."""

    HOLD = "hold"
    REJECT = "reject"
    CLIP = "clip"


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionState:
    """One cell: shares and cash (>= 0), dividends on their way, and the last trade's price."""

    ticker: str
    qty: Decimal
    cash: Decimal
    dividend_receivable: Decimal = ZERO
    anchor_price: Decimal | None = None

    def set_anchor_price(self, price: Decimal | None) -> PositionState:
        """Return this state with another anchor; None means there is none."""
        return replace(self, anchor_price=price)

    def get_effective_cash(self) -> Decimal:
        """Return cash plus the dividends that are certain but not yet paid."""
        return self.cash + self.dividend_receivable

    def adjust_anchor_for_dividend(self, dps: Decimal) -> PositionState:
        """Return this state with the anchor lowered by `dps` dollars per share.

        An anchor that would reach zero or less becomes None. Source: docs/strategy.md, "Dividends".
        """
        if self.anchor_price is None:
            return self
        lowered = self.anchor_price - dps
        return replace(self, anchor_price=lowered if lowered > 0 else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketQuote:
    """One price per share: when it was true, who said so, and whether it is a real market's."""

    price: Decimal
    as_of: datetime | None = None
    source: str = ""
    is_real: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerConfig:
    """How far (in % of the anchor) the price must move before the system acts."""

    up_threshold_pct: Decimal = Decimal(3)
    down_threshold_pct: Decimal = Decimal(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailConfig:
    """The band for the stock share in %, and caps on trading; None means no cap."""

    min_stock_pct: Decimal = Decimal(25)
    max_stock_pct: Decimal = Decimal(75)
    max_trade_pct_of_position: Decimal | None = None
    max_daily_notional: Decimal | None = None
    max_orders_per_day: int | None = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPolicyConfig:
    """How a trade is sized, rounded and paid. `commission_rate` is a fraction of the notional."""

    min_qty: Decimal = ZERO
    min_notional: Decimal = Decimal(100)
    lot_size: Decimal = ZERO
    qty_step: Decimal = ZERO
    action_below_min: str = BelowMin.HOLD
    rebalance_ratio: Decimal = Decimal("1.6667")
    order_sizing_strategy: str = "proportional"
    allow_after_hours: bool = False
    commission_rate: Decimal = Decimal("0.0001")
    slippage_bps: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class DayActivity:
    """Today's orders (open or with a fill) and their notional, filled plus reserved, in dollars."""

    orders: int = 0
    notional: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What may forbid a trade whatever the price: switches, the session, the quote, an open order."""

    halted: bool = False
    paused: bool = False
    reducing: bool = False
    market_open: bool = True
    stale_quote: bool = False
    outlier_quote: bool = False
    split_suspected: bool = False
    open_order: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerDecision:
    """Which side the distance from the anchor asks for; None inside the thresholds."""

    side: Side | None
    reason: str

    @property
    def fired(self) -> bool:
        """Whether the price is at or beyond a threshold."""
        return self.side is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeIntent:
    """A trade that the guardrails allow: qty > 0 in shares, and why."""

    side: Side
    qty: Decimal
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailDecision:
    """The guardrails' word on a trade: allowed with an intent, or not, and which limit decided."""

    allowed: bool
    reason: str
    binding_limit: str | None
    trade_intent: TradeIntent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The whole answer to "what now?". Fields and places as in docs/strategy.md, "The decision".

    `outcome` is how the kernel got there (sizes before the minimums); it is not part of the answer.
    """

    action: Action
    reason: str
    side: Side | None
    raw_qty: Decimal
    qty: Decimal
    notional: Decimal
    commission: Decimal
    stock_pct_before: Decimal | None
    stock_pct_after: Decimal | None
    binding_limit: str | None
    buy_at: Decimal | None
    sell_at: Decimal | None
    explanation: str
    outcome: Outcome | None = None

    @property
    def trades(self) -> bool:
        """Whether an order follows."""
        return self.action in (Action.BUY, Action.SELL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution: qty > 0 in shares, price > 0 per share, commission >= 0 in dollars."""

    side: Side
    qty: Decimal
    price: Decimal
    commission: Decimal = ZERO
