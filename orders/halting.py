"""`manage.py halt` and `unhalt`: what they have in common."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.arguments import argument
from accounts.database import require_migrated
from accounts.models import Tenant
from accounts.transactions import Stamp, read_one, unit_of_work
from orders.models import TradingState, TradingSwitch
from orders.sends import wait_after_turn
from orders.switches import LONGEST_REASON, turn
from volbal.errors import VolbalError
from volbal.fields import read_text


def add_owner_options(parser: CommandParser) -> None:
    """Declare --tenant or --position (neither: everyone), and --reason."""
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--tenant", help="only this tenant's trading, by its name")
    whose.add_argument("--position", type=UUID, help="only this position's, by its id")
    parser.add_argument("--reason", required=True, type=argument(_reason), help="kept with the switch")


def turn_for(command: BaseCommand, state: TradingState, options: dict[str, Any]) -> None:
    """Turn the switch that the options name, and say how it stands."""
    require_migrated()
    stamp = Stamp(at=timezone.now(), actor=f"manage.py {'unhalt' if state == 'ACTIVE' else 'halt'}")
    try:
        owner = _owner(options)
        with unit_of_work():
            switch = turn(state, reason=options["reason"], stamp=stamp, **owner)
    except VolbalError as error:
        raise CommandError(error.detail) from None
    wait_after_turn(state, **owner)
    command.stdout.write(_sentence(switch))


def _owner(options: dict[str, Any]) -> dict[str, UUID]:
    if options["position"]:
        return {"position_id": options["position"]}
    if options["tenant"]:
        return {"tenant_id": read_one(Tenant.objects.filter(name=options["tenant"]), "tenant").pk}
    return {}


def _sentence(switch: TradingSwitch) -> str:
    whose = f"position {switch.position}" if switch.position else f"tenant {switch.tenant}"
    return f"{'Everyone' if switch.scope == 'GLOBAL' else whose}: {switch.state}."


def _reason(text: str) -> str:
    return read_text(text, longest=LONGEST_REASON, field="reason")
