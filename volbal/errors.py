"""What can go wrong in the rules. Errors know facts, nothing of HTTP; `code` is stable and public."""

from __future__ import annotations

from typing import ClassVar


class VolbalError(Exception):
    """Base of every refusal. `detail` is one plain sentence, `facts` the numbers in it."""

    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class BadInput(VolbalError):
    """The text that came in is not what the field takes."""


class MalformedJson(BadInput):
    code = "malformed-json"
    title = "This is not JSON"


class InvalidNumber(BadInput):
    code = "invalid-number"
    title = "This is not a plain decimal number"


class OutOfRange(BadInput):
    code = "out-of-range"
    title = "This value is outside what is allowed"


class InvalidTicker(BadInput):
    code = "invalid-ticker"
    title = "This is not a ticker"


class UnknownField(BadInput):
    code = "unknown-field"
    title = "There is no such field"


class MissingField(BadInput):
    code = "missing-field"
    title = "A field is missing"


class InvalidConfig(BadInput):
    code = "invalid-config"
    title = "These settings can't be used together"


class Refused(VolbalError):
    """The state of the books doesn't allow it."""


class InsufficientCash(Refused):
    code = "insufficient-cash"
    title = "Not enough cash"


class InsufficientShares(Refused):
    code = "insufficient-shares"
    title = "Not enough shares"


class Overfill(Refused):
    code = "overfill"
    title = "More was executed than was ordered"


class GuardrailBreach(Refused):
    code = "guardrail-breach"
    title = "The order would lead out of the guardrails"


class DailyOrderCap(Refused):
    code = "daily-order-cap"
    title = "Today's orders are used up"


class DailyNotionalCap(Refused):
    code = "daily-notional-cap"
    title = "Today's trading is used up"


class BelowMin(Refused):
    code = "below-min"
    title = "The order is under the smallest trade"


class MarketClosed(Refused):
    code = "market-closed"
    title = "The market is closed"


class StaleQuote(Refused):
    code = "stale-quote"
    title = "There is no fresh price"


class OutlierQuote(Refused):
    code = "outlier-quote"
    title = "The price jumped and waits for a second sighting"


class SplitSuspected(Refused):
    code = "split-suspected"
    title = "The jump in the price looks like a split"


class Conflict(VolbalError):
    """It clashes with something that already happened."""


class OrderOpen(Conflict):
    """A position has at most one open order."""

    code = "order-open"
    title = "An order of this position is still open"


class TradingHalted(Conflict):
    code = "trading-halted"
    title = "Trading is halted"


class PositionPaused(Conflict):
    code = "position-paused"
    title = "The position is paused"


class IllegalTransition(Conflict):
    code = "illegal-transition"
    title = "The order can't go there from its status"
