"""What stands in the way of trading, and what leads out of it, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from orders.next_trades import NextTrades
from volbal.values import Decision, GuardrailConfig, Side
from volbal_site.templatetags.amounts import pct, price


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """Something in the way: what it is, what follows, and the name of the page that helps, if one does.

    `of_position` says whether that page is one of the cell's.
    """

    title: str
    text: str
    page: str = ""
    label: str = ""
    of_position: bool = True


BLOCKED = {
    "halted": WayOut(
        title="Trading is stopped",
        text="Nothing is bought or sold until an owner lets trading go on.",
        page="resume_trading",
        label="Resume trading",
        of_position=False,
    ),
    "paused": WayOut(
        title="This cell is paused",
        text="Nothing is traded until somebody resumes it.",
        page="resume_position",
        label="Resume",
    ),
    "no_anchor": WayOut(
        title="It needs an anchor",
        text="Set the price that the next trade is measured from.",
        page="set_anchor",
        label="Set the anchor",
    ),
    "market_closed": WayOut(title="The market is closed", text="It goes on by itself when the market opens."),
    "stale_quote": WayOut(
        title="There is no fresh price", text="It goes on by itself as soon as the feed gives one."
    ),
    "outlier_quote": WayOut(
        title="The price is in doubt",
        text="It jumped further than prices usually do, and waits for a second sighting.",
    ),
    "split_suspected": WayOut(
        title="This looks like a split",
        text="Nothing is traded until the split is recorded, or the price is back.",
        page="dividends",
        label="Dividends and splits",
        of_position=False,
    ),
    "duplicate": WayOut(
        title="An order is open",
        text="The next decision comes when it is done.",
        page="orders",
        label="Orders",
        of_position=False,
    ),
    "invalid_config": WayOut(
        title="The settings don't go together",
        text="Nothing is traded until they are changed.",
        page="position_settings",
        label="Settings",
    ),
}


def refusal(side: Side, refused: Decision | None, trades: NextTrades, rails: GuardrailConfig) -> WayOut:
    """Say why there is no next trade of this side, and what leads out of it."""
    if refused is None:
        verb = "bought" if side is Side.BUY else "sold"
        return WayOut(
            title="Nothing to trade", text=f"At no price would anything be {verb}. {_other(side, trades)}"
        )
    if refused.reason == "guardrail":
        return _pinned(side, trades, rails)
    return _REFUSALS[refused.reason](refused, trades)


def _pinned(side: Side, trades: NextTrades, rails: GuardrailConfig) -> WayOut:
    rail, what = (rails.max_stock_pct, "more") if side is Side.BUY else (rails.min_stock_pct, "less")
    return WayOut(
        title=f"Pinned at {_points(rail)}",
        text=f"The guardrail allows no {what} stock. {_other(side, trades)}",
        page="position_settings",
        label="Guardrails",
    )


def _other(side: Side, trades: NextTrades) -> str:
    """Say where the other side trades."""
    trade, verb = (trades.sell, "sell") if side is Side.BUY else (trades.buy, "buy")
    return "" if trade is None else f"Will {verb} again at {price(trade.price)}."


def _no_cash(refused: Decision, trades: NextTrades) -> WayOut:
    return WayOut(
        title="No cash to buy with",
        text=f"Deposit some to go on buying. {_other(Side.BUY, trades)}",
        page="deposit",
        label="Deposit",
    )


def _used_up(refused: Decision, trades: NextTrades) -> WayOut:
    return WayOut(
        title="Today's trading is used up",
        text="It goes on tomorrow, or with a larger limit for a day.",
        page="position_settings",
        label="Limits",
    )


def _only_sales(refused: Decision, trades: NextTrades) -> WayOut:
    return WayOut(
        title="Only sales are allowed",
        text="Somebody stopped purchases. An owner can let them go on.",
        page="resume_trading",
        label="Resume trading",
        of_position=False,
    )


def _too_small(refused: Decision, trades: NextTrades) -> WayOut:
    return WayOut(
        title="Too small to trade",
        text=f"{refused.explanation} A larger cell or a smaller least trade helps.",
        page="position_settings",
        label="Smallest trade",
    )


_REFUSALS = {
    "insufficient": _no_cash,
    "daily_notional_cap": _used_up,
    "daily_order_cap": _used_up,
    "reducing": _only_sales,
    "below_min": _too_small,
}


def _points(value: Decimal) -> str:
    return pct(value, 0 if value == value.to_integral_value() else 2)
