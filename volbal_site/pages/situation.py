"""Is it running, is it real, what time is it there: what is shown above every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Tenant
from accounts.prepared import Prepared, Slot
from configs.models import Scope
from market.calendar import is_open, session_now_or_next
from market.errors import OutsideCalendar
from market.providers.registry import provider
from orders.models import TradingState, TradingSwitch
from orders.real_money import is_real_money
from positions.history import evaluations_of
from positions.models import Position, PositionStatus
from volbal.trading_day import NEW_YORK

DEMO, PAPER, LIVE = "demo", "paper", "live"
_TENANT = Slot("tenant", models.UUIDField())
# Read for every page.
_KINDS = Prepared(
    lambda: (
        Position.objects.filter(tenant=_TENANT)
        .exclude(status=PositionStatus.CLOSED)
        .values_list("broker", "market_provider")
        .distinct()
    )
)
_TURNED = Prepared(
    lambda: TradingSwitch.objects.filter(Q(scope=Scope.GLOBAL) | Q(tenant=_TENANT)).exclude(
        state=TradingState.ACTIVE
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The market's time: `closes_at` and `opens_at` of the session now or next, or a replayed moment."""

    now: datetime
    is_open: bool
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    half_day: bool = False
    replayed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The mode (`demo`: prices of the past; `paper`; `live`), what stops trading, and the market's clock."""

    mode: str
    has_replayed: bool
    stopped: TradingSwitch | None
    clock: Clock

    @property
    def is_own_stop(self) -> bool:
        """Whether an owner of the tenant can end what stops trading."""
        return self.stopped is not None and self.stopped.scope == Scope.TENANT


def situation_of(tenant: Tenant, at: datetime | None = None) -> Situation:
    """Tell how things stand for a tenant, in three queries."""
    kinds = set(_KINDS.rows(tenant=tenant.pk))
    replayed = [name for _, name in kinds if provider(name).is_confirmed]
    return Situation(
        mode=_mode(tenant, kinds, len(replayed)),
        has_replayed=bool(replayed),
        stopped=stop_over(tenant),
        clock=_clock(tenant, at or timezone.now(), replayed[0] if len(replayed) == len(kinds) > 0 else None),
    )


def _mode(tenant: Tenant, kinds: set[tuple[str, str]], replayed: int) -> str:
    if any(is_real_money(broker, tenant.pk) for broker, _ in kinds):
        return LIVE
    return DEMO if replayed and replayed == len(kinds) else PAPER


def stop_over(tenant: Tenant) -> TradingSwitch | None:
    """Return the strictest switch that is turned for everyone or for the tenant."""
    turned = _TURNED.rows(tenant=tenant.pk)
    return min(turned, key=lambda switch: (switch.state != TradingState.HALTED, switch.scope), default=None)


def _clock(tenant: Tenant, now: datetime, replayed: str | None) -> Clock:
    if replayed is not None:
        then = provider(replayed).now() or _last_evaluated_at(tenant)
        return Clock(now=now, is_open=True, replayed_at=then)
    try:
        session = session_now_or_next(now)
        return Clock(
            now=now.astimezone(NEW_YORK),
            is_open=is_open(now),
            opens_at=session.opens_at,
            closes_at=session.closes_at,
            half_day=session.half_day,
        )
    except OutsideCalendar:
        return Clock(now=now, is_open=False)


def _last_evaluated_at(tenant: Tenant) -> datetime | None:
    """Return the moment of the newest evaluation, by the time of the replayed market."""
    cells = Position.objects.of_tenant(tenant).exclude(status=PositionStatus.CLOSED)[:1]
    evaluated = evaluations_of(cells)
    return evaluated.order_by("-seq").values_list("ts", flat=True).first()
