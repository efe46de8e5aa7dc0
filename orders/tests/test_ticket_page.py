"""The order ticket: what an order would come to, sending it once, and why it can't be sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import IdempotencyRecord, Role
from accounts.tests.pages import Visitor, entries_of, key_in
from accounts.tests.people import make_member, make_user, own_tenant
from accounts.transactions import unit_of_work
from configs.tests.builders import set_position
from orders.models import Order, TradingState
from orders.switches import turn
from orders.tests.builders import all_faults, everything_written, fresh, make_order, set_market
from positions.models import Position
from positions.services import change_position
from positions.tests.builders import make_position, make_stamp

pytestmark = pytest.mark.django_db

SELL = {"side": "SELL", "unit": "shares", "qty": "10", "price": "100"}
BUY = {**SELL, "side": "BUY"}


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def cell(olga) -> Position:
    return make_position(own_tenant(olga))


@pytest.fixture
def trader(olga) -> Visitor:
    return Visitor(make_member(own_tenant(olga), Role.TRADER, "tom"))


def ticket(cell: Position) -> str:
    return f"/positions/{cell.pk}/order"


def turn_status(cell: Position, status: str) -> None:
    with unit_of_work():
        change_position(position_id=cell.pk, changes={"status": status}, stamp=make_stamp())


def halt(cell: Position, state: TradingState = TradingState.HALTED) -> None:
    with unit_of_work():
        turn(state, reason="drill", stamp=make_stamp(), tenant_id=cell.tenant_id)


def test_an_order_is_shown_before_it_is_sent(trader, cell):
    before = everything_written()

    checked = trader.send(ticket(cell), button="ready", **SELL)

    assert checked.status_code == 200
    assert "Sell 10 IBM?" in checked.text
    for figure in ("$1,000.00", "$0.10", "$10,999.90", "45.00 %", "Inside the guardrails (25 % to 75 %)"):
        assert figure in checked.text, figure
    assert everything_written() == before
    assert IdempotencyRecord.objects.count() == 0


def test_what_was_shown_is_what_is_done(trader, cell):
    checked = trader.send(ticket(cell), button="ready", **SELL)
    sent = trader.press(ticket(cell), entries_of(checked.text))

    assert sent["Location"] == f"/positions/{cell.pk}/"
    assert "Sold 10 shares at $100.00, commission $0.10." in trader.told(sent)
    order = Order.objects.get()
    assert (order.side, order.qty, order.status, order.reason) == ("SELL", 10, "filled", "by_hand")
    assert order.idempotency_key == entries_of(checked.text)["idempotency_key"]
    assert (fresh(cell).cash, fresh(cell).qty) == (Decimal("10999.9"), 90)
    assert all_faults() == []


def test_the_key_of_an_order_is_kept_for_ever(trader, cell):
    trader.send(ticket(cell), **SELL)

    assert IdempotencyRecord.objects.get().keep_forever


def test_an_order_can_be_changed_before_it_is_sent(trader, cell):
    checked = trader.send(ticket(cell), button="ready", **SELL)

    back = trader.press(ticket(cell), entries_of(checked.text), button="back")

    assert back.status_code == 200
    assert entries_of(back.text) == entries_of(checked.text)
    assert Order.objects.count() == 0


def test_a_double_click_sends_one_order(trader, cell):
    entries = entries_of(trader.send(ticket(cell), button="ready", **SELL).text)

    answers = [trader.press(ticket(cell), entries) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert "it was not done again" in trader.told(answers[1])
    assert Order.objects.count() == 1


def test_a_second_tab_with_another_order_is_told_to_look_first(trader, cell):
    key = key_in(trader.get(ticket(cell)))
    trader.send(ticket(cell), key=key, **SELL)

    other = trader.send(ticket(cell), key=key, **{**SELL, "qty": "11"})

    assert other.status_code == 422
    assert "perhaps in another tab" in other.text
    assert Order.objects.count() == 1


def test_dollars_are_turned_into_whole_steps_of_shares(trader, cell):
    set_position(cell, "order_policy", qty_step=Decimal("0.01"))

    sent = trader.send(ticket(cell), **{**BUY, "unit": "dollars", "qty": "1000", "price": "97.3"})

    assert "Bought 10.27 shares at $97.30" in trader.told(sent)


def test_without_a_price_it_is_decided_on_the_market(trader, cell):
    set_position(cell, "order_policy", allow_after_hours=True)
    set_market("98.5")

    checked = trader.send(ticket(cell), button="ready", **{**BUY, "price": ""})
    sent = trader.press(ticket(cell), entries_of(checked.text))

    assert "$98.50" in checked.text
    assert "Bought 10 shares at $98.50" in trader.told(sent)


def test_a_proposal_goes_by_the_anchor_and_waits_for_its_fill(trader, olga):
    cell = make_position(own_tenant(olga), broker="manual")

    sent = trader.send(ticket(cell), **{**BUY, "price": ""})

    assert "Proposed: buy 10 shares. Execute it, then report what was done." in trader.told(sent)
    assert Order.objects.get().price == 100


REFUSALS = {
    "cash": ({**BUY, "qty": "101"}, "This needs 10101.01 of cash and there is 10000."),
    "shares": ({**SELL, "qty": "101"}, "This needs 101 shares and there are 100."),
    "guardrail": ({**BUY, "qty": "60"}, "Stock would be 80.0024 %, outside 25 % to 75 %."),
    "minimum": ({**SELL, "qty": "0.5"}, "is under the smallest trade"),
    "nothing": ({**SELL, "qty": "0"}, "Above zero, in whole multiples"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_shown_before_and_after_it_is_sent_and_nothing_is_done(trader, cell, name):
    typed, reason = REFUSALS[name]
    before = everything_written()

    checked = trader.send(ticket(cell), button="ready", **typed)
    sent = trader.send(ticket(cell), **typed)

    assert reason.lower() in checked.text.lower()
    assert "Send the order" not in checked.text
    assert sent.status_code == 422
    assert reason in sent.text
    assert everything_written() == before


def test_the_way_out_of_a_guardrail_is_the_most_that_stays_inside_it(trader, cell):
    checked = trader.send(ticket(cell), button="ready", **{**BUY, "qty": "60"})
    assert "Up to 49.99625028 shares stay inside every limit." in checked.text

    assert trader.send(ticket(cell), **{**BUY, "qty": "49.99625028"}).status_code == 303


def _stopped(cell, olga):
    halt(cell)
    return SELL, "Trading is halted. An owner can let it go on."


def _only_sales(cell, olga):
    halt(cell, TradingState.REDUCING)
    return BUY, "Only sells are allowed now."


def _paused(cell, olga):
    turn_status(cell, "paused")
    return SELL, "The position is paused; resume it first."


def _order_open(cell, olga):
    make_order(cell)
    return SELL, "An order of this position is still open."


def _order_cap(cell, olga):
    set_position(cell, "guardrail", max_orders_per_day=0)
    return SELL, "0 orders are used up."


def _notional_cap(cell, olga):
    set_position(cell, "guardrail", max_daily_notional=Decimal(900))
    return SELL, "Today 900 of 900 is left, and this is 1000."


def _trade_cap(cell, olga):
    set_position(cell, "guardrail", max_trade_pct_of_position=Decimal(1))
    return SELL, "One trade may be 1 % of the position, and this is more."


def _no_price(cell, olga):
    set_position(cell, "order_policy", allow_after_hours=True)
    return {**SELL, "price": ""}, "There is no fresh price to decide on."


@pytest.mark.parametrize(
    "arrange",
    [_stopped, _only_sales, _paused, _order_open, _order_cap, _notional_cap, _trade_cap, _no_price],
)
def test_what_stands_in_the_way_is_said_with_a_way_out(trader, cell, olga, arrange):
    typed, reason = arrange(cell, olga)
    before = everything_written()

    checked = trader.send(ticket(cell), button="ready", **typed)
    sent = trader.send(ticket(cell), **typed)

    assert reason in checked.text or reason in sent.text
    assert "Send the order" not in checked.text
    assert (sent.status_code, reason in sent.text) == (422, True)
    assert everything_written() == before


def test_a_refusal_uses_up_its_key_so_that_one_can_try_again(trader, cell):
    turn_status(cell, "paused")
    refused = trader.send(ticket(cell), **SELL)
    turn_status(cell, "active")

    again = trader.press(ticket(cell), entries_of(refused.text))

    assert again.status_code == 303
    assert Order.objects.count() == 1


def test_a_closed_cell_takes_no_order(trader, cell):
    turn_status(cell, "closed")

    assert entries_of(trader.get(ticket(cell)).text) == {}
    assert trader.client.post(ticket(cell), {**SELL, "idempotency_key": "k"}).status_code == 422
    assert Order.objects.count() == 0


def test_a_link_may_say_the_side(trader, cell):
    assert entries_of(trader.get(f"{ticket(cell)}?side=BUY").text)["side"] == "BUY"
    assert "side" not in entries_of(trader.get(f"{ticket(cell)}?side=HOLD").text)


def test_viewers_and_other_tenants_order_nothing(olga, cell):
    viewer = Visitor(make_member(own_tenant(olga), Role.VIEWER, "vera"))
    stranger = Visitor(make_user("sven"))

    assert viewer.client.post(ticket(cell), SELL).status_code == 403
    assert stranger.client.post(ticket(cell), SELL).status_code == 404
    assert Order.objects.count() == 0
