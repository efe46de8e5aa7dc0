"""A price that somebody gave a real broker needs a real market beside it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.transactions import unit_of_work
from market.providers.registry import provider
from orders.cycle import given_quote, quote_to_decide_on
from orders.hand_orders import quote_for, submit_order
from orders.models import Order
from orders.tests.builders import everything_written, run_at, set_market
from orders.tests.scripted_broker import NAME, scripted
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.errors import MarketClosed, OutOfRange, StaleQuote
from volbal.values import Side

pytestmark = pytest.mark.django_db

SATURDAY = OPENED_AT - timedelta(days=2)


@pytest.fixture
def position(settings):
    with scripted(settings, is_real=True):
        yield make_position(broker=NAME)


def set_real_market(price, age=timedelta(0)):
    provider("static").set_price("IBM", Decimal(price), OPENED_AT - age, is_real=True)


@pytest.mark.parametrize("price", ["102", "98", "100"])
def test_a_price_near_a_fresh_real_one_is_taken(position, price):
    set_real_market(100)

    quote, gate = quote_to_decide_on(position, Decimal(price), OPENED_AT)

    assert (quote.price, quote.source, quote.is_real, gate) == (Decimal(price), "manual", True, None)


@pytest.mark.parametrize("price", ["102.000001", "97.999999", "1", "0.000001"])
def test_a_price_further_off_is_refused(position, price):
    set_real_market(100)
    written = everything_written()

    for ask in (quote_to_decide_on, quote_for):
        with pytest.raises(OutOfRange):
            ask(position, Decimal(price), OPENED_AT)
    with pytest.raises(OutOfRange):
        run_at(position, price)
    assert everything_written() == written


@pytest.mark.parametrize("make_market", [
    lambda: None,
    lambda: set_market(100),
    lambda: set_real_market(100, timedelta(seconds=61)),
])  # fmt: skip
def test_without_a_fresh_real_price_beside_it_a_given_one_is_refused(position, make_market):
    make_market()

    with pytest.raises(StaleQuote):
        run_at(position, 100)
    assert Order.objects.count() == 0


def test_a_real_broker_never_trades_on_a_price_that_is_not_real(position):
    set_market(104)

    assert run_at(position, None).decision.reason == "stale_quote"
    with pytest.raises(StaleQuote), unit_of_work():
        submit_order(
            position_id=position.pk,
            side=Side.SELL,
            qty=Decimal(5),
            quote=given_quote(Decimal(104), OPENED_AT),  # as if the broker had been paper a moment ago
            stamp=make_stamp(),
        )
    assert Order.objects.count() == 0


def test_outside_the_session_a_real_broker_gets_no_order_whatever_the_price(position):
    set_real_market(100, OPENED_AT - SATURDAY)
    quote, _ = quote_to_decide_on(position, Decimal(100), SATURDAY)

    assert run_at(position, 100, at=SATURDAY).decision.reason == "market_closed"
    with pytest.raises(MarketClosed), unit_of_work():
        submit_order(
            position_id=position.pk, side=Side.BUY, qty=Decimal(5), quote=quote, stamp=make_stamp(SATURDAY)
        )


def test_on_paper_any_price_is_taken_at_its_word():
    quote, gate = quote_to_decide_on(make_position(), Decimal(55), SATURDAY)

    assert (quote.price, quote.is_real, gate) == (55, False, None)
