"""What events are called on pages, and which belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from positions.event_types import EventType as E

GOOD, BAD, WAIT, MODE, PLAIN = "good", "bad", "wait", "mode", ""


class Words(NamedTuple):
    """What a kind of event is called, and the tone of its badge."""

    title: str
    tone: str = PLAIN


EVENT_WORDS: Mapping[str, Words] = {
    E.POSITION_CREATED: Words("Cell opened", MODE),
    E.POSITION_CHANGED: Words("Cell changed"),
    E.POSITION_CLOSED: Words("Cell closed"),
    E.CASH_DEPOSITED: Words("Deposit"),
    E.CASH_WITHDRAWN: Words("Withdrawal"),
    E.ADJUSTMENT_BOOKED: Words("Books corrected", WAIT),
    E.ANCHOR_SET: Words("Anchor set"),
    E.POSITION_EVALUATED: Words("Decision"),
    E.ORDER_SUBMITTED: Words("Order sent"),
    E.ORDER_REEVALUATED: Words("Decided again"),
    E.ORDER_ACCEPTED: Words("Order accepted"),
    E.ORDER_PARTIALLY_FILLED: Words("Partly filled", GOOD),
    E.ORDER_FILLED: Words("Filled", GOOD),
    E.ORDER_REJECTED: Words("Order rejected", BAD),
    E.ORDER_CANCELLED: Words("Order cancelled"),
    E.ORDER_EXPIRED: Words("Order expired"),
    E.ORDER_UNKNOWN: Words("Order unknown", BAD),
    E.ANCHOR_UPDATED: Words("Anchor moved"),
    E.GUARDRAIL_BREACHED: Words("Guardrail breached", BAD),
    E.FILL_QUARANTINED: Words("Fill in quarantine", BAD),
    E.EX_DIV_ANNOUNCED: Words("Dividend announced"),
    E.EX_DIV_EFFECTIVE: Words("Ex-dividend"),
    E.ANCHOR_ADJUSTED_FOR_DIVIDEND: Words("Anchor lowered"),
    E.DIVIDEND_CASH_RECEIVED: Words("Dividend paid", GOOD),
    E.SPLIT_APPLIED: Words("Split"),
    E.CONFIG_CHANGED: Words("Settings changed"),
    E.TRADING_PAUSED: Words("Paused", WAIT),
    E.TRADING_RESUMED: Words("Resumed", GOOD),
    E.TRADING_HALTED: Words("Trading stopped", BAD),
    E.TRADING_UNHALTED: Words("Trading goes on", GOOD),
}
# What one looks for together. Every kind stands in one of them.
GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "decisions": ("Decisions", (E.POSITION_EVALUATED, E.ORDER_REEVALUATED)),
    "orders": (
        "Orders and fills",
        (
            E.ORDER_SUBMITTED,
            E.ORDER_ACCEPTED,
            E.ORDER_PARTIALLY_FILLED,
            E.ORDER_FILLED,
            E.ORDER_REJECTED,
            E.ORDER_CANCELLED,
            E.ORDER_EXPIRED,
            E.ORDER_UNKNOWN,
            E.FILL_QUARANTINED,
            E.GUARDRAIL_BREACHED,
        ),
    ),
    "money": ("Deposits and corrections", (E.CASH_DEPOSITED, E.CASH_WITHDRAWN, E.ADJUSTMENT_BOOKED)),
    "dividends": (
        "Dividends and splits",
        (
            E.EX_DIV_ANNOUNCED,
            E.EX_DIV_EFFECTIVE,
            E.ANCHOR_ADJUSTED_FOR_DIVIDEND,
            E.DIVIDEND_CASH_RECEIVED,
            E.SPLIT_APPLIED,
        ),
    ),
    "stops": (
        "Stops and pauses",
        (E.TRADING_PAUSED, E.TRADING_RESUMED, E.TRADING_HALTED, E.TRADING_UNHALTED),
    ),
    "settings": (
        "Cells, anchors, settings",
        (
            E.POSITION_CREATED,
            E.POSITION_CHANGED,
            E.POSITION_CLOSED,
            E.ANCHOR_SET,
            E.ANCHOR_UPDATED,
            E.CONFIG_CHANGED,
        ),
    ),
}


def choices() -> list[tuple[str, object]]:
    """Return what a filter offers: everything, each group, and within it each kind."""
    offered: list[tuple[str, object]] = [("", "Everything")]
    for name, (title, kinds) in GROUPS.items():
        singles = [(str(kind), EVENT_WORDS[kind].title) for kind in kinds]
        offered.append((title, [(name, f"All: {title.lower()}"), *singles]))
    return offered


def kinds_of(chosen: str) -> tuple[str, ...]:
    """Return the kinds of events that a group or a kind stands for."""
    return GROUPS[chosen][1] if chosen in GROUPS else (chosen,)
