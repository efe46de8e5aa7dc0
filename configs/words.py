"""What settings, scopes and presets are called on pages, and what they do, in a few words."""

from __future__ import annotations

import re
from typing import NamedTuple

from configs.models import CommissionScope, Scope


class Words(NamedTuple):
    """A setting's name and what it does."""

    label: str
    help: str


GROUP_TITLES = {
    "trigger": "When it trades",
    "guardrail": "How far it may go",
    "order_policy": "How much, and how it is ordered",
}
SETTINGS = {
    "up_threshold_pct": Words("Sell when up by", "Above the anchor, in percent."),
    "down_threshold_pct": Words("Buy when down by", "Below the anchor, in percent."),
    "min_stock_pct": Words("Lower guardrail", "The least share of stock. Below it the cell buys."),
    "max_stock_pct": Words("Upper guardrail", "The largest share of stock. Above it the cell sells."),
    "max_trade_pct_of_position": Words(
        "Largest trade", "In percent of the cell's value. The word none: no limit."
    ),
    "max_daily_notional": Words("Most traded in a day", "In dollars. The word none: no limit."),
    "max_orders_per_day": Words("Most orders in a day", "A whole number. The word none: no limit."),
    "rebalance_ratio": Words("Rebalance ratio", "How much of a move is traded. Twice it is twice the trade."),
    "order_sizing_strategy": Words("Sizing", "How the size of a trade is found."),
    "min_notional": Words("Smallest trade", "In dollars. Smaller ones are not worth their fee."),
    "min_qty": Words("Smallest number of shares", "0 is none."),
    "action_below_min": Words(
        "If a trade is smaller", "Wait, tell it as a rejected order, or trade the least."
    ),
    "qty_step": Words("Step of shares", "Trades are whole multiples of it. 0: any fraction of a share."),
    "lot_size": Words("Lot", "Trades are whole lots. 0: none. A multiple of the step."),
    "commission_rate": Words("Commission", "In percent of what is traded."),
    "slippage_bps": Words(
        "Slippage", "What a market price is expected to be worse by, in hundredths of 1 %."
    ),
    "allow_after_hours": Words("Outside the session", "Whether it may trade while the market is closed."),
}
CHOICES = {
    "action_below_min": {"hold": "Wait", "reject": "Tell it as rejected", "clip": "Trade the least"},
    "order_sizing_strategy": {
        "proportional": "Proportional to the move",
        "fixed_percentage": "A fixed part of cash or shares",
        "original": "By the price itself (original)",
    },
    "allow_after_hours": {"true": "It may trade", "false": "It waits"},
}
SCOPES = {
    Scope.GLOBAL.value: "of the installation",
    Scope.TENANT.value: "of the account",
    Scope.POSITION.value: "of this cell",
    CommissionScope.TENANT_ASSET.value: "of the account, for this ticker",
}
PRESETS = {
    "classic": Words(
        "Classic", "What the account has set: normally 3 % up or down, stock between 25 and 75 %."
    ),
    "gentle": Words("Gentle", "Waits for 5 %, trades a third as much, keeps stock between 30 and 70 %."),
    "active": Words("Active", "Acts at 1.5 %, keeps stock between 20 and 80 %. More trades, more fees."),
}
_NAMES = re.compile(rf"\b({'|'.join(SETTINGS)})\b")


def in_words(text: str) -> str:
    """Return a sentence of the rules with the settings called as pages call them."""
    return _NAMES.sub(lambda found: f"“{SETTINGS[found[1]].label}”", text)
