"""The steps of a size in words and as a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from volbal.numbers import EXACT
from volbal.waterfall import Stage, Step

TITLES = {
    Stage.RAW: "Asked for",
    Stage.CAPS: "Caps",
    Stage.GUARDRAIL: "Guardrails",
    Stage.STEP: "Whole steps",
    Stage.MINIMUMS: "Minimums",
}
UNCHANGED = {
    Stage.RAW: "What the move from the anchor asks for",
    Stage.CAPS: "No cap stands in the way",
    Stage.GUARDRAIL: "Stays between the guardrails",
    Stage.STEP: "Nothing to round",
    Stage.MINIMUMS: "Large enough",
}
NOTHING_ASKED = "The move from the anchor asks for nothing"
WORDS = {
    "min_stock_pct": "the lower guardrail",
    "max_stock_pct": "the upper guardrail",
    "cash": "the cash",
    "shares": "the shares held",
    "max_trade_pct_of_position": "the cap on one trade",
    "max_daily_notional": "the cap on a day's trading",
    "min_qty": "the smallest quantity",
    "min_notional": "the smallest notional",
}
WIDTH, TENTH = 600, Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLine:
    """One step: its title, the shares it left, what it did in words, and whether it decided the size."""

    title: str
    qty: Decimal
    change: Decimal
    words: str
    decides: bool
    bar: SafeString


def size_lines(steps: Sequence[Step], binding_limit: str | None) -> list[SizeLine]:
    """Put the steps of a size into words, in their order."""
    most = max((step.qty for step in steps), default=Decimal(0)) or Decimal(1)
    lines: list[SizeLine] = []
    before = None
    for step in steps:
        change = Decimal(0) if before is None else step.qty - before
        lines.append(
            SizeLine(
                title=TITLES[step.stage],
                qty=step.qty,
                change=change,
                words=_words(step, change),
                decides=_decides(step, binding_limit),
                bar=_bar(step.qty, change, most),
            )
        )
        before = step.qty
    return lines


def _decides(step: Step, binding_limit: str | None) -> bool:
    return step.limit == binding_limit if binding_limit != "sizing" else step.stage is Stage.RAW


def _words(step: Step, change: Decimal) -> str:
    if step.stage is Stage.RAW and not step.qty:
        return NOTHING_ASKED
    if step.limit is None:
        return UNCHANGED[step.stage]
    if step.stage is Stage.STEP:
        return _rounding(step, change)
    name = WORDS[step.limit]
    if not step.qty:
        return f"Under {name}: no trade" if step.stage is Stage.MINIMUMS else f"{_first(name)} leaves no room"
    if change > 0:
        return _raised(step, name)
    return f"Cut to what {name} allows"


def _raised(step: Step, name: str) -> str:
    if step.stage is Stage.GUARDRAIL and not step.limit.endswith("_stock_pct"):  # type: ignore[union-attr]
        return f"Raised towards the guardrail, as far as {name} allows"
    return f"Raised to {name}"


def _rounding(step: Step, change: Decimal) -> str:
    if step.limit == "cash":
        return "Less by a step, so that the commission is paid too"
    return "Rounded up, so that it ends inside" if change > 0 else "Rounded down to whole steps"


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _bar(qty: Decimal, change: Decimal, most: Decimal) -> SafeString:
    """Draw what is left of the size, and what this step cut off or added. The words stand beside it."""
    left, before = _x(qty, most), _x(qty - change, most)
    low, high = min(left, before), max(left, before)
    kind = "more" if change > 0 else "less"
    return format_html(
        '<svg class="fall" viewBox="0 0 {} 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="fall-all" width="{}" height="10"/><rect class="fall-kept" width="{}" height="10"/>'
        '<rect class="fall-{}" x="{}" width="{}" height="10"/></svg>',
        WIDTH,
        WIDTH,
        low,
        kind,
        low,
        high - low,
    )


def _x(qty: Decimal, most: Decimal) -> Decimal:
    """Return where a bar ends, to a tenth."""
    return EXACT.divide(EXACT.multiply(qty, Decimal(WIDTH)), most).quantize(TENTH, ROUND_HALF_EVEN)
