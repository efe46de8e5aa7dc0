"""An order by hand: done whole, or refused for the first reason."""

from decimal import Decimal

import pytest

from volbal.errors import GuardrailBreach, InsufficientCash, VolbalError
from volbal.fills import apply_fill
from volbal.guardrails import stock_pct
from volbal.hand_orders import check_hand_order, largest_hand_order
from volbal.values import DayActivity, Fill, Gates, GuardrailConfig, OrderPolicyConfig, PositionState, Side

POSITION = PositionState(ticker="IBM", qty=Decimal(100), cash=Decimal(10_000), anchor_price=None)


def reason(
    side="BUY",
    qty="10",
    price="100",
    position=POSITION,
    guardrail=None,
    policy=None,
    today=None,
    **gates,
):
    """Return the code of the refusal, or the price decided on."""
    try:
        return str(
            check_hand_order(
                position=position,
                side=Side(side),
                qty=Decimal(qty),
                price=None if price is None else Decimal(price),
                guardrail=GuardrailConfig(**(guardrail or {})),
                order_policy=OrderPolicyConfig(**(policy or {})),
                today=today or DayActivity(),
                gates=Gates(**gates),
            )
        )
    except VolbalError as error:
        return error.code


def cell(qty, cash, receivable=0):
    return PositionState(
        ticker="IBM", qty=Decimal(qty), cash=Decimal(cash), dividend_receivable=Decimal(receivable)
    )


def test_an_order_inside_every_limit_passes_without_an_anchor():
    assert reason() == reason("SELL") == "100"


@pytest.mark.parametrize(
    ("gates", "code"),
    [
        ({"halted": True}, "trading-halted"),
        ({"paused": True}, "position-paused"),
        ({"market_open": False}, "market-closed"),
        ({"stale_quote": True}, "stale-quote"),
        ({"outlier_quote": True}, "outlier-quote"),
        ({"split_suspected": True}, "split-suspected"),
        ({"open_order": True}, "order-open"),
        ({"reducing": True}, "trading-halted"),
    ],
)
def test_every_closed_gate_has_its_code(gates, code):
    assert reason(**gates) == code


def test_gates_answer_in_their_order_and_before_any_limit():
    closed = {
        "halted": True,
        "paused": True,
        "market_open": False,
        "stale_quote": True,
        "outlier_quote": True,
        "split_suspected": True,
        "open_order": True,
    }
    for name, code in [
        ("halted", "trading-halted"),
        ("paused", "position-paused"),
        ("market_open", "market-closed"),
        ("stale_quote", "stale-quote"),
        ("outlier_quote", "outlier-quote"),
        ("split_suspected", "split-suspected"),
        ("open_order", "order-open"),
    ]:
        assert reason(qty="1000000", **closed) == code
        closed[name] = name == "market_open"


def test_a_sale_is_allowed_while_only_sales_are():
    assert reason("SELL", reducing=True) == "100"


def test_after_hours_may_be_allowed():
    assert reason(policy={"allow_after_hours": True}, market_open=False) == "100"


def test_no_price_is_a_stale_quote():
    assert reason(price=None) == "stale-quote"


def test_the_commission_and_the_slippage_must_be_paid_for_too():
    band = {"min_stock_pct": Decimal(0), "max_stock_pct": Decimal(100)}

    assert reason(qty="99.99", guardrail=band) == "100"
    assert reason(qty="100", guardrail=band) == "insufficient-cash"
    slipped = {"slippage_bps": Decimal(10)}
    assert reason(qty="99.99", guardrail=band, policy=slipped) == "insufficient-cash"


def test_a_receivable_pays_for_nothing():
    assert reason(position=cell(100, 500, 9_500)) == "insufficient-cash"


def test_what_is_not_held_can_not_be_sold():
    assert reason("SELL", "100.00000001") == "insufficient-shares"


@pytest.mark.parametrize(
    ("side", "qty", "answer"),
    [("BUY", "49.98", "100"), ("BUY", "50", "guardrail-breach"), ("SELL", "49.9", "100")],
)
def test_an_order_may_go_to_the_rail_and_not_beyond(side, qty, answer):
    """50 at 100 lead to 15,000 of 19,999.50, which the commission makes a little more than 75 %."""
    assert reason(side, qty) == answer


def test_selling_below_the_lower_rail_is_a_breach():
    assert reason("SELL", "50.1") == "guardrail-breach"


def test_a_cell_outside_its_band_may_be_led_back_a_part_of_the_way_and_never_further_out():
    low, high = cell(10, 10_000), cell(100, 1_000)

    assert reason("BUY", "5", position=low) == "100"
    assert reason("SELL", "2", position=low) == "guardrail-breach"
    assert reason("SELL", "5", position=high) == "100"
    assert reason("BUY", "2", position=high) == "guardrail-breach"


def test_leading_from_one_side_of_the_band_further_out_on_the_other_is_a_breach():
    assert reason("SELL", "100", position=cell(100, 1_000)) == "guardrail-breach"


def test_the_cap_on_one_trade_holds():
    cap = {"max_trade_pct_of_position": Decimal(5)}

    assert reason(qty="10", guardrail=cap) == "100"
    assert reason(qty="10.00000001", guardrail=cap) == "guardrail-breach"


def test_the_order_cap_counts_today():
    assert reason(today=DayActivity(orders=4)) == "100"
    assert reason(today=DayActivity(orders=5)) == "daily-order-cap"
    assert reason(today=DayActivity(orders=500), guardrail={"max_orders_per_day": None}) == "100"
    assert reason(guardrail={"max_orders_per_day": 0}) == "daily-order-cap"


def test_the_notional_cap_counts_today():
    cap = {"max_daily_notional": Decimal(3_000)}

    assert reason(today=DayActivity(notional=Decimal(2_000)), guardrail=cap) == "100"
    assert reason(today=DayActivity(notional=Decimal("2000.01")), guardrail=cap) == "daily-notional-cap"


@pytest.mark.parametrize("action", ["hold", "reject", "clip"])
def test_an_order_under_a_minimum_is_refused_and_never_raised(action):
    policy = {"action_below_min": action}

    assert reason(qty="1", policy=policy) == "100"
    assert reason(qty="0.999999", policy=policy) == "below-min"
    assert reason(qty="1", policy={**policy, "min_qty": Decimal(2)}) == "below-min"


@pytest.mark.parametrize(
    ("qty", "policy", "answer"),
    [
        ("10", {"lot_size": Decimal(5)}, "100"),
        ("11", {"lot_size": Decimal(5)}, "out-of-range"),
        ("1.5", {"qty_step": Decimal("0.25")}, "100"),
        ("1.51", {"qty_step": Decimal("0.25")}, "out-of-range"),
        ("0", {}, "out-of-range"),
        ("-1", {}, "out-of-range"),
    ],
)
def test_a_quantity_is_whole_steps_or_lots(qty, policy, answer):
    assert reason(qty=qty, policy=policy) == answer


INSIDE, OUTSIDE = [("100", "10000"), ("60.5", "9000")], [("0", "5000"), ("12.5", "1"), ("1000", "0")]


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("unit", "more"), [("0", "0.001"), ("0.01", "0.01"), ("1", "1"), ("10", "10")])
@pytest.mark.parametrize(("qty", "cash"), INSIDE)
def test_the_largest_order_passes_and_a_larger_one_does_not(side, unit, more, qty, cash):
    most = largest_hand_order(**about(side, unit, qty, cash))

    assert check_hand_order(**about(side, unit, qty, cash), qty=most, gates=Gates()) == Decimal("97.31")
    with pytest.raises((GuardrailBreach, InsufficientCash)):
        check_hand_order(**about(side, unit, qty, cash), qty=most + Decimal(more), gates=Gates())


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("unit", ["0", "0.01", "1", "10"])
@pytest.mark.parametrize(("qty", "cash"), OUTSIDE)
def test_from_outside_the_band_the_largest_order_ends_inside_it(side, unit, qty, cash):
    told = about(side, unit, qty, cash)
    most = largest_hand_order(**told)

    if most:
        check_hand_order(**told, qty=most, gates=Gates())
        fill = Fill(side=side, qty=most, price=told["price"], commission=Decimal(0))
        assert Decimal(24) < stock_pct(apply_fill(told["position"], fill), told["price"]) < Decimal(76)


def test_the_largest_order_is_none_where_a_cap_or_a_minimum_leaves_nothing():
    told = about("BUY", "0", "100", "10000")

    assert largest_hand_order(**{**told, "guardrail": GuardrailConfig(max_daily_notional=Decimal(0))}) == 0
    assert largest_hand_order(**{**told, "order_policy": OrderPolicyConfig(min_qty=Decimal(90))}) == 0
    assert largest_hand_order(**about("BUY", "0", "100", "0")) == 0


def about(side, unit, qty, cash):
    return {
        "position": PositionState(ticker="IBM", qty=Decimal(qty), cash=Decimal(cash)),
        "side": Side(side),
        "price": Decimal("97.31"),
        "guardrail": GuardrailConfig(),
        "order_policy": OrderPolicyConfig(lot_size=Decimal(unit), min_notional=Decimal(0)),
        "today": DayActivity(),
    }
