"""Comparing books with a broker: what differs is found once, and never repaired silently."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import count
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.errors import NotFound
from accounts.tests.threads import at_once
from accounts.transactions import unit_of_work
from market.providers.registry import provider
from orders.brokers.base import Holdings, NoAnswer, OpenOrder
from orders.brokers.paper_plan import Fault, Mode, plan_fills
from orders.brokers.paper_plants import PLANTS, set_account
from orders.differences import resolve_difference
from orders.lifecycle import broker_order_of
from orders.models import BrokerDifference, Order, Trade
from orders.reconcile import reconcile
from orders.tests.builders import all_faults, events_of, everything_written, fresh, run_at
from orders.tests.paper_line import paper_line
from orders.tests.scripted_broker import NAME, answer, execution, make_waiting, status_of, step
from orders.work import work_off
from positions.services import change_position
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.errors import OutOfRange
from volbal.values import Side

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _market_time():
    provider("static").move_to(OPENED_AT)


def say_nothing_else(broker, times=1):
    """Let the broker have nothing to say of what a test doesn't set up."""
    broker.says("open_orders", *[()] * times)
    broker.says("executions_since", *[()] * times)
    broker.says("holdings", *[None] * times)


def kinds():
    return sorted(BrokerDifference.objects.values_list("kind", flat=True))


def resume(position):
    with unit_of_work():
        change_position(position_id=position.pk, changes={"status": "active"}, stamp=make_stamp())


def resolve(difference, reason="looked into it"):
    with unit_of_work():
        return resolve_difference(difference_id=difference.pk, reason=reason, stamp=make_stamp(actor="ann"))


def test_books_that_agree_have_no_differences(broker, clock):
    position, order = make_waiting()
    broker.says("submit", answer("filled", execution(order)))
    step(order, clock)
    broker.says("open_orders", ())
    broker.says("executions_since", (execution(order),))
    broker.says("holdings", Holdings(shares={"IBM": fresh(position).qty}, cash=fresh(position).cash))
    written = everything_written()

    done = reconcile(NAME, clock=clock)

    assert (done.is_complete, done.open_differences, everything_written()) == (True, 0, written)


@pytest.mark.parametrize("silent", ["open_orders", "executions_since", "holdings"])
def test_a_question_without_an_answer_is_not_an_answer(broker, clock, silent):
    _, order = make_waiting()
    broker.says("submit", answer("accepted"))
    step(order, clock)
    clock.pass_by(60)
    for question in ("open_orders", "executions_since", "holdings"):
        broker.queues[question] = [NoAnswer("down") if question == silent else ()]
    broker.queues["holdings"] = [NoAnswer("down")] if silent == "holdings" else [None]
    broker.says("get", answer("accepted"))
    written = everything_written()

    done = reconcile(NAME, clock=clock)

    assert not done.is_complete
    assert (kinds(), everything_written()) == ([], written)


def test_an_execution_that_was_missed_is_booked_with_its_events(broker, clock):
    position, order = make_waiting()
    broker.says("submit", answer("accepted"))
    step(order, clock)
    broker.says("open_orders", (OpenOrder(client_order_id=order.client_order_id, ticker="IBM",
                                          side=Side.SELL, qty=order.qty),))  # fmt: skip
    broker.says("executions_since", (execution(order, qty=5),))
    broker.says("holdings", Holdings(shares={"IBM": Decimal(95)}))

    done = reconcile(NAME, clock=clock)

    assert (done.open_differences, status_of(order), fresh(position).qty) == (0, "partially_filled", 95)
    assert len(events_of(position, "order_partially_filled")) == 1
    assert all_faults() == []


def test_an_order_of_ours_that_is_not_open_there_is_asked_about(broker, clock):
    _, order = make_waiting()
    broker.says("submit", answer("accepted"))
    step(order, clock)
    say_nothing_else(broker)
    broker.says("get", answer("filled", execution(order)))

    reconcile(NAME, clock=clock)

    assert status_of(order) == "filled"
    assert kinds() == []


def test_an_order_that_is_being_sent_is_left_alone(broker, clock):
    _, order = make_waiting()

    def meanwhile():
        say_nothing_else(broker)
        reconcile(NAME, clock=clock)
        return answer("accepted")

    broker.says("submit", meanwhile)
    step(order, clock)

    assert (status_of(order), broker.calls.count("get")) == ("accepted", 0)


def test_a_difference_is_found_once_as_long_as_it_is_open(broker, clock):
    position, other = make_position(broker=NAME), make_position(broker=NAME, ticker="MSFT")
    foreign = OpenOrder(client_order_id="theirs", ticker="IBM", side=Side.BUY, qty=Decimal(3))
    for _ in range(3):
        broker.says("open_orders", (foreign,))
        broker.says("executions_since", ())
        broker.says("holdings", None)
        reconcile(NAME, clock=clock)

    found = BrokerDifference.objects.get()
    assert (found.kind, found.subject, found.position) == ("foreign_order", "theirs", None)
    assert found.facts == {"ticker": "IBM", "side": "BUY", "qty": "3"}
    assert (fresh(position).status, fresh(other).status) == ("paused", "active")
    assert len(events_of(position, "trading_paused")) == 1


def test_who_resumes_without_an_explanation_is_paused_again(broker, clock):
    position = make_position(broker=NAME)
    for _ in range(2):
        broker.says("open_orders", ())
        broker.says("executions_since", ())
        broker.says("holdings", Holdings(shares={"IBM": Decimal(99)}))
        reconcile(NAME, clock=clock)
        assert fresh(position).status == "paused"
        resume(position)

    assert kinds() == ["shares"]


def test_what_happened_once_needs_one_explanation(broker, clock):
    position = make_position(broker=NAME)
    _, order = make_waiting()
    foreign = execution(order, client_order_id="theirs")
    Order.objects.all().delete()
    for _ in range(2):
        broker.says("open_orders", ())
        broker.says("executions_since", (foreign,))
        broker.says("holdings", None)
    reconcile(NAME, clock=clock)
    resolve(BrokerDifference.objects.get())
    resume(position)

    done = reconcile(NAME, clock=clock)

    assert (done.open_differences, kinds(), fresh(position).status) == (0, ["foreign_execution"], "active")


def test_shares_that_still_differ_after_an_explanation_are_found_again(broker, clock):
    make_position(broker=NAME)
    for _ in range(2):
        broker.says("open_orders", ())
        broker.says("executions_since", ())
        broker.says("holdings", Holdings(shares={"IBM": Decimal(99)}))
        reconcile(NAME, clock=clock)
        resolve(BrokerDifference.objects.get(resolved_at=None))

    assert kinds() == ["shares", "shares"]


def test_what_is_on_the_move_is_compared_another_time(broker, clock):
    position, order = make_waiting()
    broker.says("submit", answer("accepted"))
    step(order, clock)
    broker.says("open_orders", (OpenOrder(client_order_id=order.client_order_id, ticker="IBM",
                                          side=Side.SELL, qty=order.qty),))  # fmt: skip
    broker.says("executions_since", ())
    broker.says("holdings", Holdings(shares={"IBM": Decimal(90)}, cash=Decimal(1)))

    reconcile(NAME, clock=clock)

    assert (kinds(), fresh(position).status) == ([], "active")


def test_what_was_booked_while_the_broker_was_asked_is_compared_another_time(broker, clock):
    position = make_position(broker=NAME)

    def meanwhile():
        make_position(broker=NAME, qty=7, cash=5)
        return Holdings(shares={"IBM": position.qty}, cash=position.cash)

    broker.says("open_orders", ())
    broker.says("executions_since", ())
    broker.says("holdings", meanwhile)

    reconcile(NAME, clock=clock)

    assert kinds() == []


def test_an_order_that_is_done_here_and_open_there_is_found(broker, clock):
    position, order = make_waiting()
    broker.says("submit", answer("cancelled"))
    step(order, clock)
    there = OpenOrder(client_order_id=order.client_order_id, ticker="IBM", side=Side.SELL, qty=order.qty)
    say_nothing_else(broker)
    broker.queues["open_orders"] = [(there,), (there,)]
    broker.says("get", answer("accepted"))

    reconcile(NAME, clock=clock)

    assert (kinds(), fresh(position).status) == (["open_there"], "paused")


def test_an_order_that_ended_there_while_we_asked_is_no_difference(broker, clock):
    _, order = make_waiting()
    broker.says("submit", answer("cancelled"))
    step(order, clock)
    there = OpenOrder(client_order_id=order.client_order_id, ticker="IBM", side=Side.SELL, qty=order.qty)
    say_nothing_else(broker)
    broker.queues["open_orders"] = [(there,), ()]
    broker.says("get", answer("cancelled"))

    reconcile(NAME, clock=clock)

    assert kinds() == []


def test_two_reconciliations_at_once_find_it_once(broker):
    make_position(broker=NAME)
    foreign = OpenOrder(client_order_id="theirs", ticker="IBM", side=Side.BUY, qty=Decimal(3))
    broker.says("open_orders", *[(foreign,)] * 4)
    broker.says("executions_since", *[()] * 4)
    broker.says("holdings", *[None] * 4)

    at_once([lambda: reconcile(NAME)] * 4)

    assert kinds() == ["foreign_order"]


def test_resolving_needs_a_reason_and_keeps_who_and_when(broker, clock):
    make_position(broker=NAME)
    broker.says("open_orders", ())
    broker.says("executions_since", ())
    broker.says("holdings", Holdings(shares={}))
    reconcile(NAME, clock=clock)
    found = BrokerDifference.objects.get()

    for reason in ("", "  ", "x" * 501, "a\x00b"):
        with pytest.raises(OutOfRange):
            resolve(found, reason)
    resolve(found, " booked twice there ")
    resolve(found, "another")

    found = fresh(found)
    assert (found.resolved_by, found.resolved_at) == ("ann", OPENED_AT)
    assert found.resolution == "booked twice there"
    found.pk = uuid4()
    with pytest.raises(NotFound):
        resolve(found)


@pytest.mark.parametrize(
    "values",
    [{"kind": "odd"}, {"resolved_at": OPENED_AT}, {"resolved_by": "ann"},
     {"resolved_at": OPENED_AT, "resolved_by": "ann"}, {"subject": "twice"}],
)  # fmt: skip
def test_the_database_refuses_other_rows(values):
    row = {"broker": "b", "kind": "shares", "subject": "once", "facts": {}, "found_at": OPENED_AT}
    BrokerDifference.objects.create(**{**row, "subject": "twice"})

    with pytest.raises(IntegrityError), transaction.atomic():
        BrokerDifference.objects.create(**{**row, **values})


def plant_ten(line, cells, orders):
    """Put ten differences of six kinds into the broker's books."""

    def plant(what, **facts):
        PLANTS[what](line.engine, facts)

    def foreign(number):
        return {"execution_id": f"x{number}", "client_order_id": f"theirs-{number}", "ticker": "AAA",
                "side": "BUY", "qty": "1", "price": "10", "commission": "0",
                "executed_at": OPENED_AT.isoformat()}  # fmt: skip

    plant("order", client_order_id="theirs-1", ticker="AAA", side="BUY", qty="3")
    plant("order", client_order_id="theirs-2", ticker="BBB", side="SELL", qty="4")
    plant("execution", **foreign(3))
    plant("execution", **foreign(4))
    for order in orders["filled"]:
        plant("change_execution", execution_id=order.trades.first().execution_id, price="55")
    for order in orders["open"]:
        plant("forget", client_order_id=order.client_order_id)
    plant("holding", ticker="AAA", amount="1")
    plant("holding", ticker="BBB", amount="2.5")


def test_ten_planted_differences_are_found_and_none_is_repaired(settings, clock):
    settings.BROKER_ASK_S = 0
    with paper_line(settings, mode=Mode.REALISTIC, seed=4) as line:
        cells, orders = make_cells(line, clock)
        set_account(line.engine, account_of(cells))
        assert reconcile("paper_http", clock=clock).open_differences == 0
        plant_ten(line, cells, orders)
        books = [(cell.pk, fresh(cell).qty, fresh(cell).cash, fresh(cell).anchor_price) for cell in cells]
        trades = Trade.objects.count()

        for _ in range(3):
            clock.pass_by(3600)
            done = reconcile("paper_http", clock=clock)
            assert done.is_complete

        assert kinds() == sorted([
            *["foreign_order"] * 2, *["foreign_execution"] * 2, *["other_execution"] * 2,
            *["lost_order"] * 2, *["shares"] * 2,
        ])  # fmt: skip
        assert done.open_differences == 10
        assert books == [
            (cell.pk, fresh(cell).qty, fresh(cell).cash, fresh(cell).anchor_price) for cell in cells
        ]
        assert Trade.objects.count() == trades
        assert {fresh(cell).status for cell in cells} == {"paused"}
        assert all_faults() == []
        with pytest.raises(CommandError):
            call_command("reconcile")


def make_cells(line, clock):
    """Open cells of six tickers: of two the order is filled, of two it is open, of two there is none."""
    tickers = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF")
    cells = {ticker: make_position(ticker=ticker, broker="paper_http") for ticker in tickers}
    orders = {"filled": [], "open": []}
    for ticker in ("CCC", "DDD"):
        orders["filled"].append(run_at(cells[ticker], 104).order)
    for _ in range(20):
        work_off(clock=clock)
        clock.pass_by(1)
    for ticker in ("EEE", "FFF"):
        order = run_at(cells[ticker], 104).order
        line.engine.temper = replace(line.engine.temper, seed=slow_seed(order))
        work_off(clock=clock, limit=1)
        orders["open"].append(order)
    assert {status_of(order) for order in orders["filled"]} == {"filled"}
    assert {status_of(order) for order in orders["open"]} == {"accepted"}
    return list(cells.values()), orders


def slow_seed(order):
    """Return a seed by which nothing is executed at once."""
    sent = broker_order_of(order)
    plans = ((seed, plan_fills(sent, seed=seed, most_parts=3, mode=Mode.REALISTIC)) for seed in count())
    return next(seed for seed, plan in plans if plan[0].after_looks)


def account_of(cells):
    held = [fresh(cell) for cell in cells]
    return {"cash": str(sum(cell.cash for cell in held)), "shares": {c.ticker: str(c.qty) for c in held}}


def test_cash_that_differs_pauses_everybody_at_that_broker(settings, clock):
    with paper_line(settings) as line:
        cells = [make_position(broker="paper_http"), make_position(broker="paper_http", ticker="MSFT")]
        beside = make_position()
        set_account(line.engine, {**account_of(cells), "cash": "19999.99"})

        reconcile("paper_http", clock=clock)

        found = BrokerDifference.objects.get()
        assert (found.kind, found.facts) == ("cash", {"ours": "20000", "theirs": "19999.99"})
        assert [fresh(cell).status for cell in (*cells, beside)] == ["paused", "paused", "active"]


def test_a_run_of_reconciliations_over_a_bad_line_finds_nothing_that_is_not_there(settings, clock):
    with paper_line(settings, mode=Mode.HOSTILE, seed=5) as line:
        settings.BROKER_TIMEOUT_S = 0.2
        cells = [make_position(broker="paper_http", ticker=ticker) for ticker in ("AAA", "BBB")]
        set_account(line.engine, account_of(cells))
        done = [reconcile("paper_http", clock=clock) for _ in range(12)]

        assert {one.is_complete for one in done} == {True, False}
        assert (kinds(), {fresh(cell).status for cell in cells}) == ([], {"active"})


def test_the_command_says_what_differs(settings, clock, capsys):
    with paper_line(settings) as line:
        cell = make_position(broker="paper_http")
        set_account(line.engine, account_of([cell]))
        call_command("reconcile")
        assert capsys.readouterr().out == "paper_http: no differences.\n"
        set_account(line.engine, {**account_of([cell]), "shares": {"IBM": "1"}})

        with pytest.raises(CommandError, match="Not everything agrees"):
            call_command("reconcile", "--broker", "paper_http")

        said = capsys.readouterr().out.splitlines()
        assert said[0] == "paper_http: 1 differences."
        assert "paper_http: other shares than in our books IBM" in said[1]
        line.engine.faults_to_come = [Fault.LOST_500] * 9
        with pytest.raises(CommandError):
            call_command("reconcile")
        assert "no answer about orders, executions, holdings" in capsys.readouterr().out
        with pytest.raises(CommandError, match="choose one of"):
            call_command("reconcile", "--broker", "nobody")
