"""Alpaca's words in ours, and what the kit doesn't ask: fractions, other assets, a wrong login."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from orders.brokers.alpaca import AlpacaBroker
from orders.brokers.alpaca_wire import STATUSES, account_from_json, fill_from_json, is_share, order_from_json
from orders.brokers.base import BrokerOrder, Environment, Login, NoAnswer
from orders.brokers.http import JsonHttp
from orders.tests.alpaca_process import LOGIN, alpaca_process, point_at
from orders.tests.rough_server import answers, serving
from volbal.errors import VolbalError
from volbal.fields import JsonNumber
from volbal.values import Side

# As Alpaca documents them.
THEIRS = [
    "new",
    "partially_filled",
    "filled",
    "done_for_day",
    "canceled",
    "expired",
    "replaced",
    "pending_cancel",
    "pending_replace",
    "accepted",
    "pending_new",
    "accepted_for_bidding",
    "stopped",
    "rejected",
    "suspended",
    "calculated",
    "held",
    "pending_review",
]
ORDER = {
    "id": "61e69015", "client_order_id": "c1", "symbol": "IBM", "side": "buy", "qty": "1.500000000",
    "filled_qty": "0", "status": "accepted", "submitted_at": "2024-01-08T16:00:00.123456789Z",
    "created_at": "2024-01-08T16:00:00Z",
}  # fmt: skip
FILL = {
    "id": "20240108::1", "order_id": "61e69015", "symbol": "IBM", "side": "sell_short", "qty": "1.5",
    "price": "99.1234565", "transaction_time": "2024-01-08T16:00:00Z",
}  # fmt: skip
ACCOUNT = {"account_number": "PA1", "status": "ACTIVE", "currency": "USD", "cash": "1234567.123456789"}


@pytest.fixture(scope="module")
def process():
    with alpaca_process("--parts", "1") as server:
        yield server


@pytest.fixture
def broker(process, settings):
    point_at(settings, process, timeout_s=5)
    return AlpacaBroker(LOGIN)


def an_order(client_order_id: str, qty: str, ticker: str = "IBM") -> BrokerOrder:
    return BrokerOrder(
        client_order_id=client_order_id, ticker=ticker, side=Side.BUY, qty=Decimal(qty), price=Decimal(100)
    )


def test_every_status_that_is_documented_is_in_the_table_and_another_is_unknown():
    assert set(STATUSES) == set(THEIRS)
    assert order_from_json({**ORDER, "status": "sideways"}).status == "unknown"


def test_zeros_at_the_end_say_nothing_and_a_ninth_place_is_refused():
    assert order_from_json(ORDER).qty == Decimal("1.5")
    with pytest.raises(VolbalError):
        order_from_json({**ORDER, "qty": "1.123456789"})


def test_an_execution_is_read_from_text_and_from_numbers_alike():
    one, other = fill_from_json(FILL), fill_from_json({**FILL, "qty": JsonNumber("1.5")})

    assert one == other
    assert (one.side, one.price) == (Side.SELL, Decimal("99.123456"))


def test_an_account_is_read_to_six_places_and_says_why_it_may_not_trade():
    assert account_from_json(ACCOUNT).cash == Decimal("1234567.123457")
    blocked = account_from_json({**ACCOUNT, "status": "ONBOARDING", "trading_blocked": True})
    assert blocked.why_not == "trading blocked, it is ONBOARDING"
    with pytest.raises(ValueError, match="dollars"):
        account_from_json({**ACCOUNT, "currency": "EUR"})


@pytest.mark.parametrize(("symbol", "is_one"), [
    ("IBM", True), ("BRK.B", True), ("BTC/USD", False), ("AAPL250117C00190000", False),
])  # fmt: skip
def test_what_is_no_share_is_told_apart(symbol, is_one):
    assert is_share({"symbol": symbol}) is is_one


def test_a_fraction_of_what_is_only_traded_whole_is_rejected_unsent(broker, process):
    process.plant("whole_shares", ticker="BRK.A")

    whole = broker.submit(an_order("whole", "2", "BRK.A"), at=datetime.now(UTC))
    part = broker.submit(an_order("part", "2.5", "BRK.A"), at=datetime.now(UTC))

    assert (whole.status, part.status) == ("filled", "rejected")
    assert part.reason == "Alpaca trades only whole shares of BRK.A"
    assert "part" not in process.ask("/_counts")["orders"]


def test_a_status_that_nobody_knows_leaves_an_order_unknown(broker, process):
    broker.submit(an_order("odd", "1"), at=datetime.now(UTC))
    process.plant("word", client_order_id="odd", status="teleported")

    answer = broker.get("odd")

    assert (answer.status, answer.filled_qty) == ("unknown", Decimal(1))


def test_a_wrong_login_is_no_answer_and_never_a_rejection(process, settings):
    point_at(settings, process, timeout_s=5)
    wrong = AlpacaBroker(Login(environment=Environment.PAPER, secrets={"key_id": "K", "secret_key": "no"}))

    for ask in (
        lambda: wrong.submit(an_order("never", "1"), at=datetime.now(UTC)),
        lambda: wrong.get("never"),
        wrong.holdings,
    ):
        with pytest.raises(NoAnswer, match="it answered 401"):
            ask()


def test_without_a_login_nothing_is_asked():
    with pytest.raises(NoAnswer, match="no account"):
        AlpacaBroker().open_orders()


def test_a_404_of_something_in_between_is_not_nothing_there(settings):
    with serving(answers("404 Not Found", b'{"message": "no route"}')) as (url, _):
        settings.ALPACA_PAPER_URL = url
        with pytest.raises(NoAnswer, match="404"):
            AlpacaBroker(LOGIN).get("c1")


def test_secrets_are_blotted_out_of_answers_and_errors():
    http = {"secrets": {"X-Key": "top+secret"}}
    with serving(answers("200 OK", b'{"you": "sent top+secret"}')) as (url, requests):
        assert JsonHttp(url, **http).call("GET", "/").body == {"you": "sent [secret]"}
    assert b"X-Key: top+secret" in requests[0]
    with serving(answers("200 OK", b'"top+secret')) as (url, _), pytest.raises(NoAnswer) as failed:
        JsonHttp(url, **http).call("GET", "/top+secret")
    assert "top+secret" not in str(failed.value)
