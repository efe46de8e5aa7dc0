"""Reading what a broker says: nothing odd gets through."""

from __future__ import annotations

import pytest

from orders.brokers.paper_engine import PaperEngine, Temper
from orders.brokers.paper_wire import answer_as_json, answer_from_json, holdings_from_json, order_as_json
from orders.brokers.paper_wire import order_from_json as read_order
from orders.tests.test_paper_engine import make_order
from positions.tests.builders import OPENED_AT
from volbal.errors import VolbalError

ODD = (LookupError, TypeError, ValueError, VolbalError)


def written():
    engine = PaperEngine(":memory:", Temper())
    return answer_as_json("c1", engine.submit(make_order(), at=OPENED_AT))


def test_an_order_survives_the_way():
    order = make_order()

    assert read_order(order_as_json(order, OPENED_AT)) == (order, OPENED_AT)


def test_an_answer_survives_the_way():
    assert answer_as_json("c1", answer_from_json(written(), "c1")) == written()


@pytest.mark.parametrize(
    "change",
    [
        {"client_order_id": "c2"},
        {"status": "done"},
        {"status": None},
        {"filled_qty": "1e3"},
        {"filled_qty": -1},
        {"executions": None},
        {"executions": {}},
        {"executions": [1]},
        {"executions": [{}]},
    ],
)
def test_an_odd_answer_is_refused(change):
    with pytest.raises(ODD):
        answer_from_json({**written(), **change}, "c1")


@pytest.mark.parametrize(
    "change",
    [
        {"client_order_id": "c2"},
        {"execution_id": ""},
        {"execution_id": "x" * 300},
        {"qty": "NaN"},
        {"price": "0"},
        {"price": True},
        {"side": "sell"},
        {"ticker": ""},
        {"commission": "-1"},
        {"executed_at": "2024-01-08T16:00:00"},
        {"executed_at": "soon"},
    ],
)
def test_an_odd_execution_is_refused(change):
    answer = written()
    answer["executions"][0] = {**answer["executions"][0], **change}

    with pytest.raises(ODD):
        answer_from_json(answer, "c1")


def test_words_of_a_broker_are_made_fit_to_be_shown():
    answer = answer_from_json({**written(), "reason": "no\x00 such\n symbol" + "!" * 500}, "c1")

    assert answer.reason.startswith("no such symbol!!!")
    assert len(answer.reason) <= 200


@pytest.mark.parametrize(
    "raw",
    [{}, [], {"cash": "1"}, {"cash": "x", "shares": {}}, {"cash": "1", "shares": {"$": "1"}}],
)
def test_odd_holdings_are_refused(raw):
    with pytest.raises(ODD):
        holdings_from_json(raw)
