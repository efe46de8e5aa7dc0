"""The paper broker's own books: the same fills in every mode, kept over a kill."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from orders.brokers.base import BrokerOrder
from orders.brokers.paper_engine import DuplicateOrder, PaperEngine, Temper
from orders.brokers.paper_plan import Fault, Mode, disorder, plan_fault, plan_fills
from orders.brokers.paper_plants import set_account
from positions.tests.builders import OPENED_AT
from volbal.values import Side


def make_order(client_order_id="c1", qty="12.57421597", price="104", side="SELL", **values):
    return BrokerOrder(
        client_order_id=client_order_id,
        ticker="IBM",
        side=Side(side),
        qty=Decimal(qty),
        price=Decimal(price),
        commission_rate=Decimal("0.0001"),
        **values,
    )


def make_engine(mode=Mode.PERFECT, path=":memory:", **temper):
    return PaperEngine(str(path), Temper(mode=Mode(mode), **temper))


def executed(engine, order):
    """Look until the order is done; return what was executed, in order and once."""
    answer = engine.submit(order, at=OPENED_AT)
    for _ in range(20):
        if answer.status != "filled":
            answer = engine.get(order.client_order_id)
    assert answer.status == "filled"
    return sorted({(one.execution_id, one.qty, one.price, one.commission) for one in answer.executions})


@pytest.mark.parametrize("seed", range(20))
def test_fills_are_the_same_in_every_mode_and_whatever_the_id(seed):
    cut = {
        tuple((fill.qty, fill.price) for fill in plan_fills(order, seed=seed, most_parts=3, mode=mode))
        for mode in Mode
        for order in (make_order("a"), make_order("b"))
    }
    done = {
        tuple((qty, price) for _, qty, price, _ in executed(make_engine(mode, seed=seed), make_order()))
        for mode in Mode
    }

    assert len(cut) == 1
    assert cut == done
    assert sum(qty for qty, _ in cut.pop()) == Decimal("12.57421597")


def test_seeds_and_numbers_make_different_parts():
    parts = Counter(
        len(plan_fills(make_order(price=str(price)), seed=seed, most_parts=3, mode=Mode.PERFECT))
        for price in range(100, 110)
        for seed in range(10)
    )

    assert set(parts) == {1, 2, 3}


def test_the_smallest_order_is_not_cut():
    fills = [
        plan_fills(make_order(qty="0.00000001"), seed=s, most_parts=3, mode=Mode.PERFECT) for s in range(9)
    ]

    assert {len(one) for one in fills} == {1}


def test_a_fill_is_moved_by_slippage_and_charged_the_orders_rate():
    engine = make_engine(most_parts=1)

    [(_, qty, price, commission)] = executed(engine, make_order(slippage_bps=Decimal(20)))

    assert (qty, price, commission) == (Decimal("12.57421597"), Decimal("103.792"), Decimal("0.13051"))


def test_perfect_fills_at_once_and_the_others_bit_by_bit():
    order = make_order()

    assert make_engine().submit(order, at=OPENED_AT).status == "filled"
    statuses = {make_engine("realistic", seed=s).submit(order, at=OPENED_AT).status for s in range(20)}
    assert statuses == {"accepted", "partially_filled", "filled"}


def test_hostile_answers_repeat_and_shuffle_but_leave_nothing_out():
    orders = [disorder(3, seed=seed, key="k", look=1) for seed in range(50)]

    assert all(set(order) == {0, 1, 2} for order in orders)
    assert any(len(order) > 3 for order in orders)
    assert any(order != sorted(order) for order in orders)


def test_every_fault_happens_and_every_fourth_call_is_spared():
    faults = [
        plan_fault("submit", f"k{key}", count, seed=1, mode=Mode.HOSTILE)
        for key in range(400)
        for count in range(1, 5)
    ]

    assert set(faults) == set(Fault)
    assert set(faults[3::4]) == {Fault.NONE}
    assert {plan_fault("submit", "k", n, seed=1, mode=Mode.REALISTIC) for n in range(99)} == {Fault.NONE}


def test_a_run_repeats_by_its_seed():
    def faults(seed, client_order_id):
        engine = make_engine("hostile", seed=seed)
        order = make_order(client_order_id)
        chosen = [engine.fault_for("submit", order=order) for _ in range(4)]
        engine.submit(order, at=OPENED_AT)
        return chosen + [engine.fault_for("get", client_order_id) for _ in range(20)]

    assert faults(3, "a") == faults(3, "b")
    assert len({tuple(faults(seed, "a")) for seed in range(10)}) > 5


def test_an_id_that_comes_again_is_refused_or_told_on():
    strict, lax = make_engine(), make_engine(unique_ids=False)
    for engine in (strict, lax):
        engine.fault_for("submit", order=make_order())
        engine.submit(make_order(), at=OPENED_AT)
        engine.fault_for("submit", order=make_order())

    with pytest.raises(DuplicateOrder):
        strict.submit(make_order(), at=OPENED_AT)
    lax.submit(make_order(), at=OPENED_AT)

    assert strict.counts() == {"c1": {"arrived": 2, "registered": 1}}
    assert lax.counts() == {"c1": {"arrived": 2, "registered": 2}}


def test_cancelling_stops_what_is_not_executed_yet():
    for seed in range(30):
        engine = make_engine("realistic", seed=seed)
        before = engine.submit(make_order(), at=OPENED_AT)
        answer = engine.cancel("c1")

        assert answer.status == ("filled" if before.status == "filled" else "cancelled")
        assert engine.get("c1") == answer
        assert answer.filled_qty == sum(one.qty for one in answer.executions) == before.filled_qty
        assert engine.open_orders() == ()


def test_what_is_not_there_is_not_there():
    engine = make_engine()

    assert (engine.get("x"), engine.cancel("x"), engine.quote("IBM"), engine.holdings()) == (None,) * 4


def test_rejects_only_when_asked_to():
    assert make_engine(reject_rate=1.0).submit(make_order(), at=OPENED_AT).status == "rejected"
    assert make_engine("hostile").submit(make_order(), at=OPENED_AT).status != "rejected"


def test_executions_move_the_account_once_it_was_set_up():
    engine = make_engine()
    engine.submit(make_order("before"), at=OPENED_AT)
    set_account(engine, {"cash": "1000", "shares": {"IBM": "50"}})
    engine.submit(make_order(qty="10", price="104"), at=OPENED_AT)
    engine.submit(make_order("c2", qty="4", price="100", side="BUY"), at=OPENED_AT)

    holdings = engine.holdings()

    assert holdings.shares == {"IBM": 44}
    assert holdings.cash == Decimal("1639.856")


def test_its_books_outlive_it(tmp_path):
    order = make_order()
    first = make_engine("realistic", tmp_path / "state", seed=3)
    first.submit(order, at=OPENED_AT)
    first.db.close()
    again = make_engine("realistic", tmp_path / "state", seed=3)

    with pytest.raises(DuplicateOrder):
        again.submit(order, at=OPENED_AT)
    assert again.get("c1") is not None
    assert again.counts()["c1"]["registered"] == 1
