"""Stop means stop: at three scopes, for the rules' orders and for those by hand."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.tests.threads import at_once
from accounts.transactions import unit_of_work
from orders.hand_orders import submit_order
from orders.lifecycle import cancel_order
from orders.models import Order, TradingState, TradingSwitch
from orders.switches import turn
from orders.tests.builders import everything_written, fill, fresh, run_at
from positions.models import Event
from positions.tests.builders import OPENED_AT, make_position, make_stamp, make_tenant
from volbal.errors import OutOfRange, TradingHalted
from volbal.values import MarketQuote, Side

pytestmark = pytest.mark.django_db

SCOPES = ("GLOBAL", "TENANT", "POSITION")


def turn_to(state, scope="GLOBAL", position=None, reason="test"):
    owner = {}
    if scope == "TENANT":
        owner = {"tenant_id": position.tenant_id}
    if scope == "POSITION":
        owner = {"position_id": position.pk}
    with unit_of_work():
        return turn(TradingState(state), reason=reason, stamp=make_stamp(), **owner)


def order_by_hand(position, side="BUY"):
    with unit_of_work():
        return submit_order(
            position_id=position.pk,
            side=Side(side),
            qty=Decimal(5),
            quote=MarketQuote(price=Decimal(100), as_of=OPENED_AT, source="manual"),
            stamp=make_stamp(),
        )


@pytest.mark.parametrize("scope", SCOPES)
def test_a_halt_at_any_scope_stops_the_rules_and_people(scope):
    position = make_position()
    turn_to("HALTED", scope, position)

    assert run_at(position, 104).decision.reason == "halted"
    with pytest.raises(TradingHalted):
        order_by_hand(position)
    assert Order.objects.count() == 0


@pytest.mark.parametrize("scope", SCOPES)
def test_reducing_lets_only_sales_pass(scope):
    position = make_position()
    turn_to("REDUCING", scope, position)

    assert run_at(position, 97).decision.reason == "reducing"
    with pytest.raises(TradingHalted):
        order_by_hand(position)
    assert order_by_hand(position, "SELL").status == "filled"
    assert run_at(position, 104).decision.action == "SELL"


@pytest.mark.parametrize("scope", SCOPES)
def test_going_on_means_going_on(scope):
    position = make_position()
    turn_to("HALTED", scope, position)
    turn_to("ACTIVE", scope, position)

    assert run_at(position, 104).decision.action == "SELL"


def test_the_strictest_switch_counts():
    position = make_position()
    turn_to("REDUCING", "GLOBAL")
    turn_to("ACTIVE", "TENANT", position)
    turn_to("HALTED", "POSITION", position)

    assert run_at(position, 104).decision.reason == "halted"


def test_other_tenants_and_positions_trade_on():
    halted = make_position()
    beside, other = make_position(), make_position(tenant=make_tenant("bob"))
    turn_to("HALTED", "POSITION", halted)

    assert run_at(beside, 104).decision.action == "SELL"
    turn_to("HALTED", "TENANT", halted)
    assert run_at(beside, 108.5).decision.reason == "halted"
    assert run_at(other, 104).decision.action == "SELL"


def test_cancels_and_fills_pass():
    position, other = make_position(broker="manual"), make_position(broker="manual")
    order, proposal = run_at(position, 104).order, run_at(other, 104).order
    turn_to("HALTED")

    fill(order, price=104)
    with unit_of_work():
        cancel_order(order_id=proposal.pk, stamp=make_stamp())

    assert (fresh(order).status, fresh(proposal).status) == ("filled", "cancelled")


def test_who_when_and_why_are_kept_and_told():
    position = make_position()
    turn_to("HALTED", "POSITION", position, reason="  fire drill ")

    switch = TradingSwitch.objects.get()
    assert (switch.actor, switch.changed_at, switch.reason) == ("tester", OPENED_AT, "fire drill")
    event = Event.objects.get(type="trading_halted")
    assert (event.position, event.message) == (position, "Trading is halted: fire drill")
    turn_to("ACTIVE", "POSITION", position)
    assert Event.objects.filter(type="trading_unhalted").count() == 1


def test_the_same_state_again_changes_nothing():
    turn_to("HALTED")
    written = everything_written()

    turn_to("HALTED", reason="again")

    assert everything_written() == written
    assert TradingSwitch.objects.get().reason == "test"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b", "line\nbreak"])
def test_a_switch_needs_a_reason(reason):
    with pytest.raises(OutOfRange):
        turn_to("HALTED", reason=reason)
    assert TradingSwitch.objects.count() == 0


@pytest.mark.parametrize(
    "values",
    [
        {"scope": "GLOBAL", "state": "OFF"},
        {"scope": "TENANT", "state": "HALTED"},
        {"scope": "X", "state": "HALTED"},
    ],
)
def test_the_database_refuses_other_switches(values):
    with pytest.raises(IntegrityError), transaction.atomic():
        TradingSwitch.objects.create(actor="a", reason="r", changed_at=OPENED_AT, **values)


def test_the_commands_turn_it_and_say_so(capsys):
    position = make_position()
    call_command("halt", "--reason", "drill", "--reducing")
    call_command("halt", "--tenant", "t", "--reason", "drill")
    call_command("halt", "--position", str(position.pk), "--reason", "drill")
    call_command("unhalt", "--reason", "over")

    assert capsys.readouterr().out.splitlines() == [
        "Everyone: REDUCING.",
        "tenant t: HALTED.",
        "position IBM #1: HALTED.",
        "Everyone: ACTIVE.",
    ]
    assert list(TradingSwitch.objects.order_by("pk").values_list("state", flat=True)) == [
        "ACTIVE",
        "HALTED",
        "HALTED",
    ]


def test_a_command_for_nobody_is_refused():
    with pytest.raises(CommandError, match="no such tenant"):
        call_command("halt", "--tenant", "nobody", "--reason", "drill")


@pytest.mark.django_db(transaction=True)
def test_no_order_is_made_after_the_answer_of_a_halt():
    positions = [make_position(broker="manual") for _ in range(12)]
    seen = []

    def halt():
        turn_to("HALTED")
        seen.append(Order.objects.count())

    at_once([partial(run_at, position, 104) for position in positions] + [halt])

    assert seen == [Order.objects.count()]
