"""Depositing, withdrawing, correcting, pausing, resuming and closing on pages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import Role
from accounts.tests.pages import Visitor, entries_of, key_in
from accounts.tests.people import make_member, make_user, own_tenant
from positions.models import Event, Position
from positions.tests.builders import everything_written, make_position

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def cell(olga) -> Position:
    return make_position(own_tenant(olga))


@pytest.fixture
def owner(olga) -> Visitor:
    return Visitor(olga)


def page_of(cell: Position, action: str) -> str:
    return f"/positions/{cell.pk}/{action}"


def fresh(cell: Position) -> Position:
    return Position.objects.get(pk=cell.pk)


def hold(cell: Position, cash: str) -> None:
    """Reserve cash as an open order does, which is a row of a room above."""
    Position.objects.filter(pk=cell.pk).update(reserved_cash=Decimal(cash))


def events_of(cell: Position, type_: str) -> list[Event]:
    return list(Event.objects.filter(position=cell, type=type_))


def test_a_deposit_adds_to_the_cash_and_leads_back_to_the_cell(owner, cell):
    answer = owner.send(page_of(cell, "deposit"), amount="1,500.50")

    assert answer["Location"] == f"/positions/{cell.pk}/"
    assert "Deposited $1,500.50. The cash is now $11,500.50." in owner.told(answer)
    assert fresh(cell).cash == Decimal("11500.5")
    assert events_of(cell, "cash_deposited")[0].actor == "olga"


def test_a_withdrawal_takes_from_the_cash(owner, cell):
    answer = owner.send(page_of(cell, "withdraw"), amount="250")

    assert "Withdrew $250.00. The cash is now $9,750.00." in owner.told(answer)
    assert fresh(cell).cash == 9750


def test_what_an_amount_would_come_to_is_shown_before(owner, cell):
    before = everything_written()

    looked = owner.send(page_of(cell, "deposit"), amount="500", button="live")

    assert looked.status_code == 200
    assert "$10,500.00" in looked.text
    assert everything_written() == before


@pytest.mark.parametrize("amount", ["", "0", "-5", "ten", "1,5", "1e3", "0.0000001", "10000000000"])
@pytest.mark.parametrize("action", ["deposit", "withdraw"])
def test_an_amount_that_is_none_is_refused_at_the_field(owner, cell, action, amount):
    before = everything_written()

    answer = owner.send(page_of(cell, action), amount=amount)

    assert answer.status_code == 422
    assert 'id="id_amount-errors"' in answer.text
    assert everything_written() == before


def test_more_than_is_there_is_refused_with_a_way_out(owner, cell):
    answer = owner.send(page_of(cell, "withdraw"), amount="10000.01")

    assert answer.status_code == 422
    assert "This takes 10000.01 of cash; 10000 is free. Withdraw less" in answer.text
    assert 'value="10000.01"' in answer.text
    assert fresh(cell).cash == 10_000


def test_what_an_open_order_holds_cannot_be_withdrawn(owner, cell):
    hold(cell, "5000.5")

    page = owner.get(page_of(cell, "withdraw"))
    answer = owner.send(page_of(cell, "withdraw"), amount="6000")

    assert "Held by an open order" in page.text
    assert answer.status_code == 422
    assert "4999.5 is free" in answer.text


def test_a_double_click_deposits_once(owner, cell):
    key = key_in(owner.get(page_of(cell, "deposit")))

    first = owner.send(page_of(cell, "deposit"), key=key, amount="100")
    again = owner.send(page_of(cell, "deposit"), key=key, amount="100")

    assert (first.status_code, again.status_code) == (303, 303)
    assert "it was not done again" in owner.told(again)
    assert fresh(cell).cash == 10_100


def test_a_second_tab_with_another_amount_is_told_to_look_first(owner, cell):
    key = key_in(owner.get(page_of(cell, "deposit")))
    owner.send(page_of(cell, "deposit"), key=key, amount="100")

    other = owner.send(page_of(cell, "deposit"), key=key, amount="200")

    assert other.status_code == 422
    assert "perhaps in another tab" in other.text
    assert fresh(cell).cash == 10_100


def test_an_owner_corrects_the_books_with_a_reason(owner, cell):
    answer = owner.send(page_of(cell, "adjust"), cash="-12.50", qty="0.5", reason="a fee, and a gift")

    assert "The books now have 100.5 shares and $9,987.50 of cash." in owner.told(answer)
    assert (fresh(cell).cash, fresh(cell).qty) == (Decimal("9987.5"), Decimal("100.5"))
    assert "a fee, and a gift" in events_of(cell, "adjustment_booked")[0].message


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"cash": "", "qty": "", "reason": "why not"}, "needs an amount"),
        ({"cash": "5", "qty": "", "reason": ""}, "This field is required"),
        ({"cash": "-10001", "qty": "", "reason": "oops"}, "10000 is free"),
        ({"cash": "", "qty": "-101", "reason": "oops"}, "100 are free"),
        ({"cash": "", "qty": "9999999", "reason": "oops"}, "10,000,000 shares"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(owner, cell, typed, reason):
    before = everything_written()

    answer = owner.send(page_of(cell, "adjust"), **typed)

    assert answer.status_code == 422
    assert reason in answer.text
    assert everything_written() == before


def test_a_cell_is_paused_and_resumed(owner, cell):
    paused = owner.send(page_of(cell, "pause"))
    assert "IBM is paused." in owner.told(paused)
    assert fresh(cell).status == "paused"

    why = owner.get(page_of(cell, "resume"))
    resumed = owner.send(page_of(cell, "resume"))

    assert "Paused: by hand" in why.text
    assert "IBM trades again." in owner.told(resumed)
    assert fresh(cell).status == "active"


def test_pausing_asks_for_no_password_and_closing_does(olga, cell):
    visitor = Visitor(olga, lately=False)

    assert visitor.send(page_of(cell, "pause")).status_code == 303
    asked = visitor.get(page_of(cell, "close"))

    assert asked["Location"].startswith("/account/reauthenticate/?next=")
    assert visitor.client.post(page_of(cell, "close"))["Location"] == asked["Location"]
    assert fresh(cell).status == "paused"


def test_a_closed_cell_is_closed_for_good(owner, cell):
    answer = owner.send(page_of(cell, "close"))

    assert "IBM is closed." in owner.told(answer)
    assert fresh(cell).status == "closed"
    for action in ("deposit", "withdraw", "adjust", "pause", "resume", "close"):
        page = owner.get(page_of(cell, action))
        assert "nothing of it can be changed" in page.text
        assert entries_of(page.text) == {}
        assert owner.client.post(page_of(cell, action), {"amount": "5", "reason": "x"}).status_code == 422
    assert fresh(cell).cash == 10_000


def test_a_cell_with_an_open_order_is_not_closed(owner, cell):
    hold(cell, "1000.1")
    before = everything_written()

    answer = owner.send(page_of(cell, "close"))

    assert answer.status_code == 422
    assert "An open order holds cash or shares; cancel it first." in answer.text
    assert everything_written() == before


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER])
def test_who_may_not_do_something_is_told_so_and_nothing_is_done(olga, cell, role):
    visitor = Visitor(make_member(own_tenant(olga), role, "mia"))
    before = everything_written()

    barred = (
        ["adjust", "close"] if role == Role.TRADER else ["deposit", "withdraw", "adjust", "pause", "close"]
    )
    for action in barred:
        answer = visitor.client.post(page_of(cell, action), {"amount": "5", "cash": "5", "reason": "x"})
        assert answer.status_code == 403, action

    assert everything_written() == before


def test_another_tenants_cell_is_not_found_and_not_touched(cell):
    stranger = Visitor(make_user("sven"))
    before = everything_written()

    for action in ("deposit", "withdraw", "adjust", "pause", "resume", "close"):
        answer = stranger.client.post(page_of(cell, action), {"amount": "5", "cash": "5", "reason": "x"})
        assert answer.status_code == 404, action

    assert everything_written() == before
