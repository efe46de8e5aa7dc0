"""The conformance kit: what every broker adapter must do, as one suite of pytest. See docs/brokers.md.

An adapter's author writes a `Harness` and a test of one line for each case:

    @pytest.mark.parametrize("case", CASES)
    def test_it_passes_the_kit(case, harness):
        run_case(case, harness)

A case that can't apply to a broker is declared in `does_not_apply`, and shows as skipped with the reason. The
kit knows nothing of the database: what our books make of the answers has tests of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import monotonic

import pytest

from orders.brokers.base import BrokerAnswer, BrokerOrder, NoAnswer
from orders.brokers.conformance_harness import (
    LATEST_ANSWER_S,
    PRICE,
    QTY,
    RECEIVED,
    TICKER,
    Arrivals,
    Harness,
    Trouble,
    an_id,
    an_order,
    executed,
    send,
    told,
)
from volbal.numbers import ZERO
from volbal.order_states import FINISHED, OrderStatus
from volbal.values import Side

__all__ = ["CASES", "OVER_A_LINE", "Arrivals", "Case", "Harness", "Trouble", "run_case"]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that an adapter must do, by a name that `does_not_apply` may refer to."""

    name: str
    run: Callable[[Harness], None] = field(repr=False)


def run_case(case: Case, harness: Harness) -> None:
    """Run one case. Skipped with the reason if the harness declares that it can't apply."""
    unknown = set(harness.does_not_apply) - {one.name for one in CASES}
    assert not unknown, f"the kit has no cases {sorted(unknown)}"
    if case.name in harness.does_not_apply:
        pytest.skip(f"declared: {harness.does_not_apply[case.name]}")
    case.run(harness)


def submits(harness: Harness) -> None:
    """An order arrives once, with the client id and the shares that it was sent with."""
    order = an_order()

    answer = send(harness, order)

    count = harness.arrivals(order.client_order_id)
    assert (count.arrived, count.registered) == (1, 1)
    assert count.qty == QTY, "the quantity was changed on its way"
    if harness.broker.finds_by_client_id:
        assert answer.status in RECEIVED
        _is_whole(_until_over(harness, order, answer))
    else:
        assert answer.status in (*RECEIVED, OrderStatus.NEW)


def sells(harness: Harness) -> None:
    """The side is the order's."""
    order = an_order(side=Side.SELL)

    answer = send(harness, order)
    if harness.broker.finds_by_client_id:
        answer = _until_over(harness, order, answer)
        assert answer.executions

    assert {one.side for one in answer.executions} <= {Side.SELL}
    assert {one.ticker for one in answer.executions} <= {TICKER, ""}


def answers_a_duplicate(harness: Harness) -> None:
    """A client id that the broker has is answered with that order, and is not an order again."""
    harness.hold()
    order = an_order()
    first = send(harness, order)

    again = send(harness, order)

    assert (again.status, executed(again)) == (first.status, executed(first))
    assert harness.arrivals(order.client_order_id).registered == 1


def tells_partial_fills(harness: Harness) -> None:
    """Each execution is told with its own id and numbers, as long as the order is asked about."""
    harness.hold()
    order = an_order()
    send(harness, order)

    harness.execute(order.client_order_id, an_id(), Decimal("2.5"), Decimal("101.2"))
    first = told(harness, order)
    harness.execute(order.client_order_id, an_id(), QTY - Decimal("2.5"), Decimal("101.3"))
    last = told(harness, order)

    assert first.status is OrderStatus.PARTIALLY_FILLED
    assert list(executed(first).values()) == [Decimal("2.5")]
    assert last.status is OrderStatus.FILLED
    parts = {(one.qty, one.price) for one in last.executions}
    whole = {(Decimal("2.5"), Decimal("101.2")), (QTY - Decimal("2.5"), Decimal("101.3"))}
    assert parts == whole, "an execution is missing, or changed"
    _is_whole(last)


def repeats_its_ids(harness: Harness) -> None:
    """An execution has the same id however often, and in whichever way, one asks."""
    harness.hold()
    order = an_order()
    send(harness, order)
    execution_id = an_id()
    harness.execute(order.client_order_id, execution_id, QTY, PRICE)
    since = datetime.now(UTC) - timedelta(hours=1)

    ways = [executed(told(harness, order)), executed(told(harness, order))]
    listed = [one for one in harness.broker.executions_since(since) if one.execution_id == execution_id]

    assert ways == [{execution_id: QTY}] * 2, "the broker's own ids of executions are not what is told"
    assert [one.client_order_id for one in listed] == [order.client_order_id]


def cancels(harness: Harness) -> None:
    """A cancel ends an open order; what was executed before it is told with it."""
    harness.hold()
    order = an_order()
    send(harness, order)
    execution_id = an_id()
    harness.execute(order.client_order_id, execution_id, Decimal(1), PRICE)

    answer = harness.broker.cancel(order.client_order_id, at=datetime.now(UTC))
    again = harness.broker.cancel(order.client_order_id, at=datetime.now(UTC))

    assert answer is not None
    assert again is not None
    assert told(harness, order).status is OrderStatus.CANCELLED
    assert executed(told(harness, order)) == {execution_id: Decimal(1)}
    assert order.client_order_id not in {one.client_order_id for one in harness.broker.open_orders()}


def loses_the_race_of_a_cancel(harness: Harness) -> None:
    """An order that was executed before the cancel came is told as filled, not as cancelled."""
    harness.hold()
    order = an_order()
    send(harness, order)
    execution_id = an_id()
    harness.execute(order.client_order_id, execution_id, QTY, PRICE)

    answer = harness.broker.cancel(order.client_order_id, at=datetime.now(UTC))

    assert answer is not None
    assert (answer.status, executed(answer)) == (OrderStatus.FILLED, {execution_id: QTY})


def tells_a_late_fill(harness: Harness) -> None:
    """An execution that comes after the end is told all the same: it is a fact."""
    harness.hold()
    order = an_order()
    send(harness, order)
    harness.broker.cancel(order.client_order_id, at=datetime.now(UTC))

    execution_id = an_id()
    harness.execute(order.client_order_id, execution_id, Decimal(3), PRICE)

    since = datetime.now(UTC) - timedelta(hours=1)
    listed = {one.execution_id: one.qty for one in harness.broker.executions_since(since)}
    assert listed[execution_id] == executed(told(harness, order))[execution_id] == 3


def tells_a_rejection(harness: Harness) -> None:
    """An order that the broker turns down is `rejected`, with a reason, and not an error."""
    harness.reject_next()
    order = an_order()

    answer = send(harness, order)

    assert answer.status is OrderStatus.REJECTED
    assert answer.reason
    assert executed(answer) == {}


def tells_an_expiry(harness: Harness) -> None:
    """An order that ends with its day is `expired`, with what was executed."""
    harness.hold()
    order = an_order()
    send(harness, order)
    execution_id = an_id()
    harness.execute(order.client_order_id, execution_id, Decimal(2), PRICE)

    harness.end(order.client_order_id, OrderStatus.EXPIRED)

    answer = told(harness, order)
    assert (answer.status, executed(answer)) == (OrderStatus.EXPIRED, {execution_id: Decimal(2)})


def knows_no_order_of_that_id(harness: Harness) -> None:
    """An order that the broker is certain not to have is None."""
    assert harness.broker.get(an_order().client_order_id) is None


def cancels_no_order_of_that_id(harness: Harness) -> None:
    """Neither can it be cancelled."""
    assert harness.broker.cancel(an_order().client_order_id, at=datetime.now(UTC)) is None


def has_its_traits(harness: Harness) -> None:
    """What is said of the broker fits together."""
    broker = harness.broker
    assert broker.name
    assert broker.settles_in >= timedelta(0)
    assert not (broker.in_process and broker.is_real), "real money is not traded inside a transaction"
    if not broker.in_process and broker.finds_by_client_id:
        assert broker.settles_in, "a request that was given up on may still arrive: say for how long"


def reads_every_page(harness: Harness) -> None:
    """Lists are read to their end, each row once. (The harness lets its broker's pages be short.)"""
    harness.hold()
    orders = [an_order(Decimal(n)) for n in range(1, 8)]
    since = datetime.now(UTC) - timedelta(hours=1)
    for order in orders:
        send(harness, order)
        harness.execute(order.client_order_id, an_id(), Decimal("0.5"), PRICE)
    ids = [order.client_order_id for order in orders]

    open_ids = [one.client_order_id for one in harness.broker.open_orders() if one.client_order_id in ids]
    told_ids = [one.client_order_id for one in harness.broker.executions_since(since)]

    assert sorted(open_ids) == sorted(ids)
    assert sorted(one for one in told_ids if one in ids) == sorted(ids)


def bears_another_clock(harness: Harness) -> None:
    """A broker whose clock is five minutes off tells its executions all the same."""
    for seconds in (300.0, -300.0):
        harness.skew(seconds)
        order = an_order()
        _is_whole(_until_over(harness, order, send(harness, order)))
        listed = harness.broker.executions_since(datetime.now(UTC) - timedelta(hours=1))
        assert order.client_order_id in {one.client_order_id for one in listed}
    harness.skew(0)


def _in_trouble(trouble: Trouble) -> Callable[[Harness], None]:
    """Return a case: the call fails as NoAnswer in time, arrived once, and a later look tells the truth."""

    def sent_into_trouble(harness: Harness) -> None:
        order, began = an_order(), monotonic()
        harness.hold()
        harness.trouble(trouble)
        answer = _answer_or_none(harness, order)
        assert monotonic() - began < LATEST_ANSWER_S, "it waited for too long"
        count = harness.arrivals(order.client_order_id)
        assert count.arrived == 1, "it was sent a second time, which only the caller may do"
        assert answer is None, f"there was no answer, and the adapter made one: {answer}"
        is_there = trouble.value.startswith("done")
        assert count.registered == int(is_there)
        found = harness.broker.get(order.client_order_id)
        assert (found is not None) is is_there

    return sent_into_trouble


def _asked_in_trouble(trouble: Trouble) -> Callable[[Harness], None]:
    """Return a case: a question without an answer is NoAnswer, never "nothing there"."""

    def asked_in_trouble(harness: Harness) -> None:
        harness.hold()
        order = an_order()
        send(harness, order)
        for ask in (lambda: harness.broker.get(order.client_order_id), harness.broker.open_orders):
            harness.trouble(trouble)
            with pytest.raises(NoAnswer):
                ask()
        assert told(harness, order).status is OrderStatus.ACCEPTED

    return asked_in_trouble


def _answer_or_none(harness: Harness, order: BrokerOrder) -> BrokerAnswer | None:
    try:
        return send(harness, order)
    except NoAnswer:
        return None


def _until_over(harness: Harness, order: BrokerOrder, answer: BrokerAnswer) -> BrokerAnswer:
    """Ask until the order is over."""
    for _ in range(20):
        if answer.status in FINISHED:
            return answer
        answer = told(harness, order)
    raise AssertionError(f"it never ends: {answer}")


def _is_whole(answer: BrokerAnswer) -> None:
    """Demand that a filled order's executions, and what it says of them, add up to the shares it was for."""
    assert answer.status is OrderStatus.FILLED
    assert sum(executed(answer).values(), ZERO) == QTY, "an execution is missing, or changed"
    assert answer.filled_qty in (None, QTY)


_PLAIN: tuple[tuple[str, Callable[[Harness], None]], ...] = (
    ("traits", has_its_traits),
    ("submit", submits),
    ("sell", sells),
    ("duplicate_client_id", answers_a_duplicate),
    ("partial_fills", tells_partial_fills),
    ("execution_ids", repeats_its_ids),
    ("cancel", cancels),
    ("cancel_race", loses_the_race_of_a_cancel),
    ("late_fill", tells_a_late_fill),
    ("reject", tells_a_rejection),
    ("expire", tells_an_expiry),
    ("unknown_order", knows_no_order_of_that_id),
    ("cancel_unknown", cancels_no_order_of_that_id),
    ("paging", reads_every_page),
    ("clock_skew", bears_another_clock),
)
_TROUBLES = {
    "rate_limited_429": Trouble.RATE_LIMITED,
    "error_500": Trouble.SERVER_ERROR,
    "reset_before": Trouble.LOST_RESET,
    "timeout_after_success": Trouble.TIMEOUT,
    "error_504_after_success": Trouble.GATEWAY,
    "html_after_success": Trouble.HTML,
    "slow_after_success": Trouble.SLOW,
    "reset_after_success": Trouble.RESET,
}
CASES = (
    *(Case(name, run) for name, run in _PLAIN),
    *(Case(name, _in_trouble(trouble)) for name, trouble in _TROUBLES.items()),
    *(Case(f"asked_{name}", _asked_in_trouble(trouble)) for name, trouble in _TROUBLES.items()),
)
# All that needs a line to the broker which can be in trouble, or an order that stays open there.
OVER_A_LINE = frozenset(
    {case.name for case in CASES} - {"traits", "submit", "sell", "unknown_order", "cancel_unknown"}
)
