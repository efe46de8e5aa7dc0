"""Pausing every position that a difference may concern."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from accounts.transactions import Stamp, unit_of_work
from market.providers.registry import provider
from orders.broker_accounts import BrokerAccount
from positions.models import Position, PositionStatus
from positions.services import pause

ACTOR = "reconciliation"


def positions_at(account: BrokerAccount, ticker: str | None = None) -> list[UUID]:
    """Return the ids of an account's positions that are not closed, of one ticker or of all."""
    rows = account.positions().exclude(status=PositionStatus.CLOSED)
    if ticker is not None:
        rows = rows.filter(ticker=ticker)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def pause_all(position_ids: Iterable[UUID], reason: str) -> None:
    """Pause positions, each in a unit of work of its own; one that is paused already stays so."""
    for position_id in position_ids:
        with unit_of_work():
            position = Position.objects.lock(position_id)
            at = provider(position.market_provider).now() or timezone.now()
            pause(position, reason, stamp=Stamp(at=at, actor=ACTOR))
