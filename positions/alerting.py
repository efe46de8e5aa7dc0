"""Which events a person should hear of. `record_event` asks here, so that there is one list."""

from __future__ import annotations

from django.conf import settings

from accounts.models import Tenant
from alerts.models import AlertKind
from alerts.outbox import tell, tell_over
from alerts.services import EVERYONE, Subject, alert_about
from positions.event_types import EventType
from positions.models import Event, Position

ALERT_OF_EVENT: dict[str, AlertKind] = {
    EventType.ORDER_PARTIALLY_FILLED: AlertKind.FILL,
    EventType.ORDER_FILLED: AlertKind.FILL,
    EventType.ORDER_REJECTED: AlertKind.REFUSAL,
    EventType.TRADING_HALTED: AlertKind.HALT,
    EventType.TRADING_PAUSED: AlertKind.PAUSE,
    EventType.GUARDRAIL_BREACHED: AlertKind.BREACH,
    EventType.FILL_QUARANTINED: AlertKind.QUARANTINE,
}
OVER_WITH_EVENT: dict[str, AlertKind] = {
    EventType.TRADING_UNHALTED: AlertKind.HALT,
    EventType.TRADING_RESUMED: AlertKind.PAUSE,
}
# Why the rules themselves reject a trade: no broker has seen it.
RULES_OWN_REJECTION = "below_min"


def tell_of_event(event: Event, about: Position | Tenant | None) -> None:
    """Have the alert written that an event calls for, if any, together with it."""
    kind = ALERT_OF_EVENT.get(event.type)
    if kind is not None:
        _tell(event, kind, subject_of(about))
        return
    over = OVER_WITH_EVENT.get(event.type)
    if over is not None:
        tell_over(over, tenant_id=event.tenant_id, position_id=event.position_id, at=event.ts)


def subject_of(about: Position | Tenant | None) -> Subject:
    """Return what an alert about a position, a tenant, or (None) everyone is about."""
    if isinstance(about, Position):
        return Subject(
            label=str(about), tenant_id=about.tenant_id, position_id=about.pk, is_replayed=is_replayed(about)
        )
    return EVERYONE if about is None else Subject(label=about.name, tenant_id=about.pk)


def is_replayed(position: Position) -> bool:
    """Whether a position trades on stored history."""
    return position.market_provider in settings.REPLAYED_PROVIDERS


def _tell(event: Event, kind: AlertKind, subject: Subject) -> None:
    if kind is AlertKind.REFUSAL and event.inputs.get("reason") == RULES_OWN_REJECTION:
        return
    if kind is AlertKind.FILL and subject.is_replayed:
        return  # decades of fills in a minute are no news; the events have them
    tell(alert_about(subject, kind=kind, message=event.message, at=event.ts, event_id=event.pk))
