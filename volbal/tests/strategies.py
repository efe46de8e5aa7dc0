"""Hypothesis strategies for input lines of `python -m volbal decide`, drawn where rules meet.

Lines are dicts of strings. Prices are drawn *from* the anchor, thresholds and rails, so that exact ties are
common and not a matter of luck.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

from hypothesis import strategies as st

EXACT = Context(prec=60)
TICK = Decimal("0.000001")
MAX_PRICE = Decimal("999999999.999999")
MAX_QTY = Decimal("9999999.99999999")

THRESHOLDS = ("3", "7", "1.5", "0.000001", "0.1", "5", "10", "33.333333", "50", "99.999999")
BANDS = (
    ("25", "75"),
    ("0", "100"),
    ("30", "70"),
    ("20", "80"),
    ("0", "50"),
    ("50", "100"),
    ("49.999999", "50"),
    ("33.333333", "66.666667"),
    ("99", "100"),
    ("0", "0.000001"),
)
LOTS = (("0", "0"), ("0", "1"), ("1", "0"), ("10", "1"), ("100", "0"), ("0.5", "0.1"), ("0", "0.001"))
SIZINGS = ("proportional", "fixed_percentage", "original")
RATES = ("0.0001", "0", "0.01", "0.001", "0.00000001", "0.5", "0.99999999")
RATIOS = ("1.6667", "1", "0.5", "0.000001", "100", "0.333333", "2")


def plain(value: Decimal) -> str:
    """Write a decimal without exponent."""
    return format(EXACT.plus(value), "f")


def decimals(top: str, places: int, bottom: str = "0") -> st.SearchStrategy[Decimal]:
    """Draw decimals within [bottom, top] that have at most so many places, tiny ones often."""
    scale = 10**places
    low, high = int(Decimal(bottom) * scale), int(Decimal(top) * scale)
    raw = st.one_of(st.integers(low, high), st.integers(low, min(high, low + 1000)))
    return raw.map(lambda units: EXACT.divide(Decimal(units), Decimal(scale)))


def whole(top: int, bottom: int = 0) -> st.SearchStrategy[Decimal]:
    """Draw whole numbers."""
    return st.integers(bottom, top).map(Decimal)


def prices() -> st.SearchStrategy[Decimal]:
    """Draw a price: ordinary, whole, of a few ticks, or as large as it may be."""
    return st.one_of(
        whole(300, 1),
        decimals("500", 2, "0.01"),
        decimals("500", 6, "0.000001"),
        decimals("0.002", 6, "0.000001"),
        st.sampled_from([TICK, Decimal(100), Decimal("12345.678901"), MAX_PRICE]),
    )


def quantities() -> st.SearchStrategy[Decimal]:
    """Draw shares: none, whole lots, 8 places, a crumb, or as many as there may be."""
    return st.one_of(
        st.sampled_from([Decimal(0), Decimal(100), Decimal(1), Decimal("0.00000001"), MAX_QTY]),
        whole(1000),
        decimals("500", 8),
    )


def money(top: str = "50000") -> st.SearchStrategy[Decimal]:
    """Draw dollars: none, whole, 6 places, or a fortune."""
    return st.one_of(
        st.sampled_from([Decimal(0), Decimal(10000), TICK, Decimal("999999999.999999")]),
        whole(20000),
        decimals(top, 6),
    )


def clamp_price(value: Decimal, rounding: str) -> Decimal:
    """Bring a number to a legal price."""
    return min(max(value.quantize(TICK, rounding, EXACT), TICK), MAX_PRICE)


@st.composite
def prices_near(draw: st.DrawFn, anchor: Decimal, up: Decimal, down: Decimal) -> Decimal:
    """Draw a price at, just before or just beyond a threshold, or anywhere around the anchor."""
    factor = draw(
        st.one_of(
            st.sampled_from([1 + up / 100, 1 - down / 100]),
            st.sampled_from([Decimal(1), Decimal("0.97"), Decimal("1.03"), Decimal("0.49"), Decimal(2)]),
            decimals("1.2", 4, "0.8"),
        )
    )
    rounding = draw(st.sampled_from([ROUND_FLOOR, ROUND_CEILING]))
    nudge = draw(st.sampled_from([0, 0, 0, 1, -1])) * TICK
    return clamp_price(EXACT.multiply(anchor, factor) + nudge, rounding)


@st.composite
def cash_at_a_rail(draw: st.DrawFn, stock: Decimal, band: tuple[str, str]) -> Decimal:
    """Draw the cash that puts the stock exactly (or nearly) at one guardrail."""
    bound = Decimal(draw(st.sampled_from(band))) / 100
    if bound == 0:
        return Decimal(0)
    exact_cash = EXACT.divide(EXACT.multiply(stock, 1 - bound), bound)
    nudge = draw(st.sampled_from([0, 0, 1, -1])) * TICK
    rounded = exact_cash.quantize(TICK, ROUND_FLOOR, EXACT) + nudge
    return min(max(rounded, Decimal(0)), Decimal("999999999.999999"))


def limits_near(value: Decimal) -> st.SearchStrategy[str | None]:
    """Draw a daily notional: none, zero, whole, or about a part of the cell."""
    part = min(EXACT.divide(value, Decimal(50)), Decimal("99999999")).quantize(TICK, ROUND_FLOOR, EXACT)
    return st.one_of(
        st.none(), st.none(), st.sampled_from(["0", "100", "0.000001", plain(part)]), whole(2000).map(plain)
    )


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an order policy; the minimums are often around what trades come to."""
    lot, step = draw(st.sampled_from(LOTS))
    return {
        "min_qty": plain(draw(st.one_of(st.just(Decimal(0)), whole(20), decimals("10", 8)))),
        "min_notional": plain(draw(st.one_of(whole(1500), st.sampled_from([Decimal(0), TICK])))),
        "lot_size": lot,
        "qty_step": step,
        "action_below_min": draw(st.sampled_from(["hold", "reject", "clip"])),
        "rebalance_ratio": draw(st.sampled_from(RATIOS)),
        "order_sizing_strategy": draw(st.sampled_from(SIZINGS)),
        "allow_after_hours": draw(st.booleans()),
        "commission_rate": draw(st.sampled_from(RATES)),
        "slippage_bps": draw(st.sampled_from(["0", "0", "0", "5", "20", "12.3456", "9999.9999"])),
    }


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one whole input line."""
    anchor = draw(prices())
    up, down = draw(st.sampled_from(THRESHOLDS)), draw(st.sampled_from(THRESHOLDS))
    price = draw(prices_near(anchor, Decimal(up), Decimal(down)))
    band = draw(st.sampled_from(BANDS))
    qty = draw(quantities())
    cash = draw(st.one_of(money(), cash_at_a_rail(EXACT.multiply(qty, price), band)))
    receivable = draw(st.one_of(st.just(Decimal(0)), money("5000")))
    value = EXACT.add(EXACT.multiply(qty, price), cash + receivable)
    none_or = draw(st.sampled_from([anchor, anchor, anchor, anchor, anchor, anchor, anchor, None]))
    return {
        "position": {
            "ticker": "KO",
            "qty": plain(qty),
            "cash": plain(cash),
            "dividend_receivable": plain(receivable),
            "anchor_price": None if none_or is None else plain(none_or),
        },
        "quote": {"price": plain(price)},
        "trigger": {"up_threshold_pct": up, "down_threshold_pct": down},
        "guardrail": {
            "min_stock_pct": band[0],
            "max_stock_pct": band[1],
            "max_trade_pct_of_position": draw(st.sampled_from([None, None, "10", "1", "0", "0.000001"])),
            "max_daily_notional": draw(limits_near(value)),
            "max_orders_per_day": draw(st.sampled_from([None, "5", "5", "5", "1"])),
        },
        "order_policy": draw(policies()),
        "today": {
            "orders": draw(st.sampled_from(["0", "0", "0", "1", "5"])),
            "notional": plain(draw(st.one_of(st.just(Decimal(0)), whole(200)))),
        },
        "market_open": draw(st.sampled_from([True, True, True, True, False])),
        "open_order": draw(st.sampled_from([False, False, False, False, False, True])),
    }


@st.composite
def ordinary_lines(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a line as an investor would have it: whole dollars, the usual band, nothing closed."""
    anchor = draw(whole(300, 20))
    up, down = draw(st.sampled_from(["1.5", "3", "5"])), draw(st.sampled_from(["1.5", "3", "5"]))
    low, high = draw(st.sampled_from([("25", "75"), ("30", "70"), ("20", "80"), ("0", "100")]))
    lot, step = draw(st.sampled_from(LOTS[:4]))
    near = draw(prices_near(anchor, Decimal(up), Decimal(down)))
    return {
        "position": {
            "qty": plain(draw(whole(400))),
            "cash": plain(draw(whole(40000))),
            "anchor_price": plain(anchor),
        },
        "quote": {"price": plain(draw(st.sampled_from([near, near.to_integral_value()])))},
        "trigger": {"up_threshold_pct": up, "down_threshold_pct": down},
        "guardrail": {"min_stock_pct": low, "max_stock_pct": high},
        "order_policy": {
            "lot_size": lot,
            "qty_step": step,
            "min_notional": plain(draw(st.sampled_from([Decimal(0), Decimal(100), Decimal(1000)]))),
            "action_below_min": draw(st.sampled_from(["hold", "reject", "clip"])),
            "order_sizing_strategy": draw(st.sampled_from(SIZINGS)),
            "rebalance_ratio": draw(st.sampled_from(["0.5", "1.6667", "1"])),
        },
    }


@st.composite
def tiny_priced_lines(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a line with prices of at most 2,000 ticks, so that every price can be tried one by one.

    Quantities go up to 9,999,999, so that notional limits matter all the same.
    """
    anchor = draw(st.integers(2, 1500))
    near = st.sampled_from([anchor, anchor * 103 // 100, anchor * 97 // 100])
    price = draw(st.one_of(near, st.integers(1, 1600)))
    qty = draw(st.one_of(st.integers(0, 9_999_999), st.sampled_from([0, 9_999_999, 1_000_000])))
    worth = qty * price // 1_000_000
    cash = draw(st.sampled_from([0, 1, worth, worth // 3, worth * 3, draw(st.integers(0, 9_000))]))
    scale = max(worth + cash, 1)
    lot = draw(st.sampled_from(["0", "0", "1", "10", "1000", "50000", "250000"]))
    part = st.integers(0, max(scale // 5, 1)).map(str)
    low, high = draw(st.sampled_from([("25", "75"), ("0", "100"), ("30", "70"), ("0", "50"), ("49", "51")]))
    return {
        "position": {
            "qty": str(qty),
            "cash": str(cash),
            "dividend_receivable": str(draw(st.sampled_from([0, 0, cash // 2]))),
            "anchor_price": plain(Decimal(anchor) * TICK),
        },
        "quote": {"price": plain(max(Decimal(price), Decimal(1)) * TICK)},
        "trigger": {
            "up_threshold_pct": draw(st.sampled_from(["3", "1", "10", "40"])),
            "down_threshold_pct": draw(st.sampled_from(["3", "1", "10", "40"])),
        },
        "guardrail": {
            "min_stock_pct": low,
            "max_stock_pct": high,
            "max_trade_pct_of_position": draw(st.sampled_from([None, None, "5", "1", "0"])),
            "max_daily_notional": draw(st.one_of(st.none(), st.none(), part)),
        },
        "order_policy": {
            "min_qty": draw(st.sampled_from(["0", "0", "1000", "50000", "333333"])),
            "min_notional": draw(st.one_of(st.sampled_from(["0", "0.5", "500"]), part)),
            "lot_size": lot,
            "action_below_min": draw(st.sampled_from(["hold", "reject", "clip"])),
            "rebalance_ratio": draw(st.sampled_from(["1.6667", "1", "0.5", "0.05"])),
            "order_sizing_strategy": draw(st.sampled_from(SIZINGS)),
            "commission_rate": draw(st.sampled_from(["0.0001", "0", "0.01"])),
            "slippage_bps": draw(st.sampled_from(["0", "0", "20"])),
        },
        "today": {"notional": draw(st.one_of(st.just("0"), part))},
    }


@st.composite
def lines_with_teeth(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an ordinary line whose lots, minimums and caps cut many teeth into what can be traded."""
    line = draw(ordinary_lines())
    notional = plain(draw(whole(2000)))
    line["position"]["dividend_receivable"] = draw(st.sampled_from(["0", "0", "500"]))
    line["guardrail"]["max_trade_pct_of_position"] = draw(st.sampled_from([None, None, "10", "2"]))
    line["guardrail"]["max_daily_notional"] = draw(st.sampled_from([None, None, "1100", notional + ".01"]))
    line["order_policy"].update(
        min_qty=draw(st.sampled_from(["0", "0", "1", "10"])),
        min_notional=draw(st.sampled_from(["0", "100", "1000", notional])),
        commission_rate=draw(st.sampled_from(["0.0001", "0", "0.01"])),
        slippage_bps=draw(st.sampled_from(["0", "0", "5"])),
        lot_size=draw(st.sampled_from(["0", "1", "10", "50"])),
        qty_step="0",
    )
    line["order_policy"]["rebalance_ratio"] = draw(st.sampled_from(["1.6667", "0.5", "0.05"]))
    return line
