"""Setting an anchor, evaluating now, cancelling, reporting fills and choosing a broker, on pages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import Role
from accounts.tests.pages import Visitor, entries_of, key_in
from accounts.tests.people import make_member, make_user, own_tenant
from configs.tests.builders import set_position
from orders.models import Order, Trade
from orders.tests.builders import (
    all_faults,
    events_of,
    everything_written,
    fill,
    fresh,
    make_order,
    run_at,
    set_market,
)
from positions.models import Position
from positions.tests.builders import make_position

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def cell(olga) -> Position:
    cell = make_position(own_tenant(olga))
    set_position(cell, "order_policy", allow_after_hours=True)
    return cell


@pytest.fixture
def owner(olga) -> Visitor:
    return Visitor(olga)


@pytest.fixture
def proposal(olga) -> Order:
    """A proposal to sell 12.57421597 shares at 104."""
    return run_at(make_position(own_tenant(olga), broker="manual"), 104).order


def test_an_anchor_is_set_and_what_it_means_is_shown_before(owner, cell):
    path = f"/positions/{cell.pk}/anchor"

    looked = owner.send(path, price="200", button="live")
    answer = owner.send(path, price="200")

    assert "it buys at $194.00 and sells at $206.00" in looked.text
    assert "The anchor of IBM is now $200.00." in owner.told(answer)
    assert fresh(cell).anchor_price == 200


def test_the_markets_price_is_filled_in_on_demand(owner, cell):
    path = f"/positions/{cell.pk}/anchor"
    assert "The market has no price for IBM now" in owner.get(f"{path}?market=1").text
    set_market("101.25")

    assert entries_of(owner.get(f"{path}?market=1").text)["price"] == "101.25"
    assert entries_of(owner.get(path).text)["price"] == ""


@pytest.mark.parametrize("price", ["0", "-1", "", "1.0000001"])
def test_an_anchor_that_is_no_price_is_refused_at_the_field(owner, cell, price):
    before = everything_written()

    answer = owner.send(f"/positions/{cell.pk}/anchor", price=price)

    assert answer.status_code == 422
    assert 'id="id_price-errors"' in answer.text
    assert everything_written() == before


def test_an_evaluation_trades_and_leads_to_its_decision(owner, cell):
    set_market(104)

    answer = owner.send(f"/positions/{cell.pk}/evaluate")

    event = events_of(cell, "position_evaluated")[-1]
    assert answer["Location"] == f"/decisions/{event.pk}/"
    assert event.message in owner.told(answer)
    assert Order.objects.get().status == "filled"
    assert all_faults() == []


def test_only_looking_saves_nothing(owner, cell):
    set_market(104)
    before = everything_written()

    looked = owner.send(f"/positions/{cell.pk}/evaluate", button="now")

    assert "<strong>SELL</strong>" in looked.text
    assert everything_written() == before


def test_a_double_click_evaluates_once(owner, cell):
    set_market(101)
    path = f"/positions/{cell.pk}/evaluate"
    key = key_in(owner.get(path))

    assert {owner.send(path, key=key).status_code for _ in range(2)} == {303}

    assert len(events_of(cell, "position_evaluated")) == 1


def test_without_a_price_the_decision_says_so(owner, cell):
    answer = owner.send(f"/positions/{cell.pk}/evaluate")

    assert "there is no fresh price" in owner.told(answer)
    assert Order.objects.count() == 0


def test_a_proposal_is_cancelled(owner, proposal):
    answer = owner.send(f"/orders/{proposal.pk}/cancel")

    assert "The order is cancelled." in owner.told(answer)
    assert fresh(proposal).status == "cancelled"
    assert fresh(proposal.position).reserved_qty == 0


def test_an_order_at_its_broker_is_asked_to_be_cancelled(owner, olga):
    order = make_order(make_position(own_tenant(olga), broker="paper_http"))
    Order.objects.filter(pk=order.pk).update(sent_at=order.created_at)

    page = owner.get(f"/orders/{order.pk}/cancel")
    answer = owner.send(f"/orders/{order.pk}/cancel")

    assert "Its broker is asked to cancel it." in page.text
    assert "The broker is asked to cancel the order." in owner.told(answer)
    assert fresh(order).status == "cancel_pending"


def test_a_finished_order_is_not_cancelled(owner, proposal):
    fill(proposal)
    before = everything_written()

    page = owner.get(f"/orders/{proposal.pk}/cancel")
    answer = owner.client.post(f"/orders/{proposal.pk}/cancel", {"idempotency_key": "k"})

    assert "there is nothing to cancel" in page.text
    assert answer.status_code == 422
    assert everything_written() == before


def test_a_fill_is_reported_with_what_the_order_says_filled_in(owner, proposal):
    path = f"/orders/{proposal.pk}/fill"
    assert entries_of(owner.get(path).text)["qty"] == "12.57421597"

    answer = owner.send(path, price="104.5", execution_id="c-17")

    assert "Sold 12.57421597 shares at $104.50, commission $0.131401." in owner.told(answer)
    trade = Trade.objects.get()
    assert (trade.execution_id, trade.price, trade.commission) == (
        "c-17",
        Decimal("104.5"),
        Decimal("0.131401"),
    )
    assert fresh(proposal).status == "filled"
    assert all_faults() == []


def test_a_fill_without_a_number_is_booked_once_however_often_it_is_sent(owner, proposal):
    path = f"/orders/{proposal.pk}/fill"
    key = key_in(owner.get(path))

    answers = [owner.send(path, key=key, qty="5", price="104") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert Trade.objects.get().execution_id == key
    assert fresh(proposal).filled_qty == 5


def test_more_than_was_ordered_is_refused(owner, proposal):
    before = everything_written()

    answer = owner.send(f"/orders/{proposal.pk}/fill", qty="13", price="104")

    assert answer.status_code == 422
    assert "12.57421597 of the order is open, 13 was executed." in answer.text
    assert everything_written() == before


def test_a_number_that_is_booked_with_other_values_pauses_the_cell(owner, proposal):
    path = f"/orders/{proposal.pk}/fill"
    owner.send(path, qty="5", price="104", execution_id="c-1")

    answer = owner.send(path, qty="6", price="104", execution_id="c-1")

    assert answer.status_code == 422
    assert "Execution c-1 is booked: SELL 5 at 104." in answer.text
    assert Trade.objects.count() == 1
    assert fresh(proposal.position).status == "paused"
    assert len(events_of(proposal.position, "fill_quarantined")) == 1


def test_what_a_broker_reports_itself_is_not_reported_by_hand(owner, olga):
    order = make_order(make_position(own_tenant(olga), broker="paper_http"))

    answer = owner.get(f"/orders/{order.pk}/fill")

    assert answer.status_code == 409
    assert "The broker itself reports what it executes." in answer.text


def test_an_owner_chooses_broker_and_tax(owner, cell):
    path = f"/positions/{cell.pk}/terms"
    assert entries_of(owner.get(path).text)["broker"] == "paper"

    answer = owner.send(path, broker="manual", withholding_tax_rate="15")

    assert "IBM trades by manual." in owner.told(answer)
    assert (fresh(cell).broker, fresh(cell).withholding_tax_rate) == ("manual", Decimal("0.15"))
    assert entries_of(owner.get(path).text)["withholding_tax_rate"] == "15"


@pytest.mark.parametrize("tax", ["101", "-1", "x"])
def test_a_tax_that_is_none_is_refused_at_the_field(owner, cell, tax):
    answer = owner.send(f"/positions/{cell.pk}/terms", withholding_tax_rate=tax)

    assert answer.status_code == 422
    assert 'id="id_withholding_tax_rate-errors"' in answer.text


def test_choosing_a_broker_asks_for_the_password(olga, cell):
    asked = Visitor(olga, lately=False).get(f"/positions/{cell.pk}/terms")

    assert asked["Location"].startswith("/account/reauthenticate/")


def test_viewers_and_other_tenants_do_nothing(olga, cell, proposal):
    viewer, stranger = Visitor(make_member(own_tenant(olga), Role.VIEWER, "v")), Visitor(make_user("sven"))
    before = everything_written()
    paths = [f"/positions/{cell.pk}/{action}" for action in ("anchor", "evaluate", "terms")]
    paths += [f"/orders/{proposal.pk}/{action}" for action in ("cancel", "fill")]

    for path in paths:
        said = {"price": "5", "qty": "1", "broker": "manual", "idempotency_key": "k"}
        assert viewer.client.post(path, said).status_code == 403, path
        assert stranger.client.post(path, said).status_code == 404, path

    assert everything_written() == before
