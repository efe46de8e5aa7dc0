"""The trigger: has the price moved far enough from the anchor?"""

from __future__ import annotations

from decimal import Decimal

from volbal import kernel
from volbal.numbers import in_exact_context, plain
from volbal.values import Side, TriggerConfig, TriggerDecision

_TWO_PLACES = Decimal("0.01")

SIDES = {kernel.BUY: Side.BUY, kernel.SELL: Side.SELL, kernel.NONE: None}
CODES = {side: code for code, side in SIDES.items()}


class PriceTrigger:
    """Compares a price with the anchor."""

    @staticmethod
    @in_exact_context
    def evaluate(
        anchor_price: Decimal | None, current_price: Decimal, config: TriggerConfig
    ) -> TriggerDecision:
        """Return SELL at or above the upper threshold, BUY at or below the lower, else no side.

        Prices in dollars per share. Without an anchor the reason is `no_anchor`.
        Source: docs/strategy.md, "The trigger".
        """
        if anchor_price is None:
            return TriggerDecision(side=None, reason="no_anchor")
        code = kernel.triggered_side(
            current_price,
            anchor_price,
            (100 + config.up_threshold_pct) / 100,
            (100 - config.down_threshold_pct) / 100,
        )
        reason = {kernel.BUY: "trigger_down", kernel.SELL: "trigger_up"}.get(code, "inside_band")
        return TriggerDecision(side=SIDES[code], reason=reason)


def move_pct(anchor: Decimal, price: Decimal) -> str:
    """Write the move from the anchor in %, two places, with its sign."""
    move = (price - anchor) * 100 / anchor
    return f"{'+' if move >= 0 else '-'}{plain(abs(move).quantize(_TWO_PLACES))} %"
