"""The paper broker over HTTP: what is asked, what comes back, and every way in which it may not."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from datetime import timedelta
from decimal import Decimal

import pytest

from orders.brokers.base import Holdings, NoAnswer, OpenOrder
from orders.brokers.paper_plan import Fault, Mode
from orders.brokers.paper_plants import PLANTS, set_account
from orders.tests.paper_line import paper_line
from orders.tests.test_paper_engine import make_order
from positions.tests.builders import OPENED_AT
from volbal.values import Side

DONE = [fault for fault in Fault if fault.name.startswith("DONE")]
LOST = [fault for fault in Fault if fault.name.startswith("LOST")]


@pytest.fixture
def line(settings):
    with paper_line(settings) as found:
        yield found


def ask(line, method, path, body=None, content_length=None):
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{line.url}{path}", data, method=method)  # noqa: S310
    if content_length is not None:
        request.add_header("Content-Length", content_length)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_an_order_goes_there_and_its_executions_come_back(line):
    order = make_order(slippage_bps=Decimal("2.5"))

    answer = line.broker.submit(order, at=OPENED_AT)

    assert answer.status == "filled"
    assert answer.filled_qty == order.qty == sum(one.qty for one in answer.executions)
    first = answer.executions[0]
    assert (first.ticker, first.side, first.price, first.executed_at) == (
        "IBM", Side.SELL, Decimal("103.974"), OPENED_AT
    )  # fmt: skip
    assert line.broker.get("c1") == answer
    assert line.broker.executions_since(OPENED_AT) == answer.executions
    assert line.broker.executions_since(OPENED_AT + timedelta(seconds=1)) == ()
    assert line.broker.open_orders() == ()


def test_ids_of_any_letters_find_their_order(line):
    for client_order_id in ("a/b?c=d#e", "../orders", "ü ñ", "%2f"):
        line.broker.submit(make_order(client_order_id), at=OPENED_AT)
        assert line.broker.get(client_order_id).executions[0].client_order_id == client_order_id


def test_what_is_open_can_be_seen_and_cancelled(settings):
    with paper_line(settings, mode=Mode.REALISTIC, seed=2) as line:
        line.broker.submit(make_order(), at=OPENED_AT)
        expected = OpenOrder(client_order_id="c1", ticker="IBM", side=Side.SELL, qty=Decimal("12.57421597"))
        assert line.broker.open_orders() == (expected,)

        answer = line.broker.cancel("c1", at=OPENED_AT)

        assert (answer.status, line.broker.open_orders()) == ("cancelled", ())


def test_what_is_not_there_is_said_for_certain(line):
    broker = line.broker

    assert (broker.get("x"), broker.cancel("x", at=OPENED_AT)) == (None, None)
    assert (broker.holdings(), broker.quote("IBM")) == (None, None)


def test_an_absence_that_something_in_between_tells_is_not_believed(line):
    line.broker._http._base = line.broker._http._base._replace(path="/proxy")

    with pytest.raises(NoAnswer, match="404"):
        line.broker.get("x")


def test_account_and_quotes(line):
    set_account(line.engine, {"cash": "-5.25", "shares": {"IBM": "3", "MSFT": "-1"}})
    PLANTS["quote"](line.engine, {"ticker": "IBM", "price": "101.5"})

    assert line.broker.holdings() == Holdings(
        cash=Decimal("-5.25"), shares={"IBM": Decimal(3), "MSFT": Decimal(-1)}
    )
    quote = line.broker.quote("IBM")
    assert (quote.price, quote.source, quote.is_real) == (Decimal("101.5"), "paper_http", False)


def test_a_rejected_order_is_an_answer(settings):
    with paper_line(settings, reject_rate=1.0) as line:
        answer = line.broker.submit(make_order(), at=OPENED_AT)

        assert (answer.status, answer.reason) == ("rejected", "it is told to reject")
        assert line.broker.get("c1").status == "rejected"


def test_an_order_that_is_there_already_is_looked_up(line):
    first = line.broker.submit(make_order(), at=OPENED_AT)

    assert line.broker.submit(make_order(), at=OPENED_AT) == first
    assert line.engine.counts() == {"c1": {"arrived": 2, "registered": 1}}


@pytest.mark.parametrize("fault", [*DONE, *LOST, Fault.LATE])
def test_every_fault_is_no_answer_and_was_heeded_or_not(line, fault):
    line.engine.faults_to_come = [fault]

    with pytest.raises(NoAnswer):
        line.broker.submit(make_order(), at=OPENED_AT)

    heeded = line.broker.get("c1") is not None
    assert heeded == (fault in DONE)
    assert line.engine.counts()["c1"]["arrived"] == 1


def test_what_arrives_late_arrives_before_an_absence_is_believed(line, settings):
    line.engine.faults_to_come = [Fault.LATE]
    with pytest.raises(NoAnswer):
        line.broker.submit(make_order(), at=OPENED_AT)
    assert line.broker.settles_in == timedelta(seconds=2 * settings.BROKER_TIMEOUT_S)

    ends = time.monotonic() + 10
    while line.broker.get("c1") is None:
        assert time.monotonic() < ends


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("POST", "/nowhere", {}, 404),
        ("POST", "/_plant/nothing", {}, 404),
        ("POST", "/orders", {}, 400),
        ("POST", "/orders", [], 400),
        ("POST", "/orders", b"{", 400),
        ("POST", "/orders", b'{"a": 1, "a": 2}', 400),
        ("POST", "/orders", b" " * 70_000, 400),
        ("GET", "/executions", None, 400),
        ("GET", "/executions?since=yesterday", None, 400),
    ],
)
def test_the_server_refuses_what_it_does_not_understand(line, method, path, body, status):
    assert ask(line, method, path, body)[0] == status


@pytest.mark.parametrize(
    "change",
    [{"qty": "-1"}, {"qty": 1.5e300}, {"price": "0"}, {"side": "HOLD"}, {"at": "2024-01-08T16:00:00"},
     {"client_order_id": ""}, {"client_order_id": 7}, {"ticker": "I B M"}],
)  # fmt: skip
def test_the_server_takes_no_odd_order(line, change):
    order = {"client_order_id": "c1", "ticker": "IBM", "side": "BUY", "qty": "1", "price": "1",
             "slippage_bps": "0", "commission_rate": "0", "at": "2024-01-08T16:00:00+00:00"}  # fmt: skip

    assert ask(line, "POST", "/orders", {**order, **change})[0] == 400
    assert line.engine.counts() == {}


def test_counts_and_plants_over_http(line):
    line.broker.submit(make_order(), at=OPENED_AT)

    counts = {"orders": {"c1": {"arrived": 1, "registered": 1}}, "faults": {}}
    assert ask(line, "GET", "/_counts") == (200, {**counts, "quantities": {"c1": "12.57421597"}})
    assert ask(line, "POST", "/account", {"cash": "10", "shares": {}})[0] == 200
    assert ask(line, "POST", "/_plant/forget", {"client_order_id": "c1"})[0] == 200
    assert (line.broker.get("c1"), line.broker.holdings().cash) == (None, 10)
