"""The kill switch: stop all trading, or all buying, of everyone, a tenant or a position.

Whoever is about to make or send an order shares one lock with all others who are; whoever turns a switch
takes it alone. So when `turn` has committed, no order is made on what the switch said before.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection, models
from django.db.models import Q

from accounts.models import Tenant
from accounts.prepared import Prepared, Slot
from accounts.transactions import Stamp, read_one, require_unit_of_work
from configs.models import Scope
from orders.models import TradingState, TradingSwitch
from positions.event_types import EventType
from positions.events import record_event
from positions.models import Position
from volbal.errors import OutOfRange, TradingHalted
from volbal.fields import read_text

LONGEST_REASON = 500
# Any number that nothing else locks; on PostgreSQL advisory locks share one space of numbers.
_LOCK = 7_231_001
_STRICTNESS = {TradingState.ACTIVE: 0, TradingState.REDUCING: 1, TradingState.HALTED: 2}


def _over_one_position() -> models.QuerySet[TradingSwitch, tuple[str]]:
    tenant, position = Slot("tenant", models.UUIDField()), Slot("position", models.UUIDField())
    rows = TradingSwitch.objects.filter(Q(scope=Scope.GLOBAL) | Q(tenant=tenant) | Q(position=position))
    return rows.values_list("state")


_STATES_OVER = Prepared(_over_one_position)


def turn(
    state: TradingState,
    *,
    reason: str,
    stamp: Stamp,
    tenant_id: UUID | None = None,
    position_id: UUID | None = None,
) -> TradingSwitch:
    """Turn the switch of a position, of a tenant, or without either of everyone.

    A change is told in an event (`trading_halted`, `trading_unhalted`); the same state again changes nothing.
    Raises OutOfRange without a reason or with two owners, NotFound.
    """
    return _turn(state, reason, stamp, tenant_id, position_id)


def tighten(
    state: TradingState,
    *,
    reason: str,
    stamp: Stamp,
    tenant_id: UUID | None = None,
    position_id: UUID | None = None,
) -> TradingSwitch:
    """Turn a switch as `turn` does, unless that would allow more than it allows now."""
    return _turn(state, reason, stamp, tenant_id, position_id, only_tighter=True)


def _turn(
    state: TradingState,
    reason: str,
    stamp: Stamp,
    tenant_id: UUID | None,
    position_id: UUID | None,
    *,
    only_tighter: bool = False,
) -> TradingSwitch:
    require_unit_of_work()
    if tenant_id is not None and position_id is not None:
        raise OutOfRange("A switch is a tenant's or a position's, not both.", field="position_id")
    reason = read_text(reason, longest=LONGEST_REASON, field="reason")
    position = Position.objects.lock(position_id) if position_id else None
    tenant = read_one(Tenant.objects.filter(pk=tenant_id), "tenant") if tenant_id else None
    _lock_alone()
    switch = _switch_of(tenant, position)
    if switch.pk is not None and switch.state == state:
        return switch
    if only_tighter and _STRICTNESS[TradingState(switch.state)] >= _STRICTNESS[state]:
        return switch
    changed = switch.state != state
    switch.state, switch.reason, switch.actor, switch.changed_at = state, reason, stamp.actor, stamp.at
    switch.save()
    if changed:
        _record(switch, position or tenant, stamp)
    return switch


def state_for(position: Position) -> TradingState:
    """Return the strictest of the three switches that stand over a position."""
    found = _STATES_OVER.rows(tenant=position.tenant_id, position=position.pk)
    return strictest(state for (state,) in found)


def require_not_halted() -> None:
    """Raise TradingHalted unless everyone may trade."""
    switch = TradingSwitch.objects.filter(scope=Scope.GLOBAL).exclude(state=TradingState.ACTIVE).first()
    if switch is not None:
        raise TradingHalted(f"Trading is {switch.state} for everyone: {switch.reason}")


def strictest(states: Iterable[str]) -> TradingState:
    """Return the state that allows least; ACTIVE without any."""
    return max(map(TradingState, states), key=_STRICTNESS.__getitem__, default=TradingState.ACTIVE)


def share_switches() -> None:
    """Let no switch be turned until this unit of work ends. Call it before the switches are read."""
    require_unit_of_work()
    _lock("pg_advisory_xact_lock_shared")


def _lock_alone() -> None:
    _lock("pg_advisory_xact_lock")


def _lock(function: str) -> None:
    """On SQLite a unit of work has had the whole database since it began."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [_LOCK])


def _switch_of(tenant: Tenant | None, position: Position | None) -> TradingSwitch:
    scope = Scope.POSITION if position else Scope.TENANT if tenant else Scope.GLOBAL
    found = TradingSwitch.objects.filter(scope=scope, tenant=tenant, position=position).first()
    return found or TradingSwitch(scope=scope, tenant=tenant, position=position, state=TradingState.ACTIVE)


def _record(switch: TradingSwitch, about: Position | Tenant | None, stamp: Stamp) -> None:
    unhalted = switch.state == TradingState.ACTIVE
    words = {
        TradingState.ACTIVE: "Trading goes on",
        TradingState.REDUCING: "Only sells are allowed",
        TradingState.HALTED: "Trading is halted",
    }
    record_event(
        about,
        EventType.TRADING_UNHALTED if unhalted else EventType.TRADING_HALTED,
        f"{words[TradingState(switch.state)]}: {switch.reason}",
        stamp=stamp,
        inputs={"scope": switch.scope, "reason": switch.reason},
        outputs={"state": switch.state},
    )
