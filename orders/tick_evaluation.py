"""Deciding about many locked positions at once, and writing only what has changed."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from accounts.transactions import Stamp, current_unit
from configs.resolver import SettingsOfMany
from market.quotes import aged, gate_for
from market.values import CheckedQuote
from orders.circumstances import Circumstances, circumstances_of_many, snapshot_in
from orders.cycle import carry_out
from orders.models import Watch
from orders.snapshot import Snapshot
from orders.switches import share_switches
from orders.tick_ids import event_of
from orders.watches import rules_seen, rules_versions, save_watches, watch_after
from positions.chains import lock_chains
from positions.events import position_chain
from positions.models import Position
from volbal.order_states import OrderStatus
from volbal.quotes import QuoteGate
from volbal.trading_day import trading_date
from volbal.values import Action, Decision

log = logging.getLogger(__name__)

ALL = "all"
BELOW_MIN = "below_min"
# By provider and ticker.
Quotes = dict[tuple[str, str], CheckedQuote]
Outcome = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings as they were read after these versions, of everybody's rules together."""

    seen: object
    settings: SettingsOfMany


@dataclass(slots=True)
class TickWork:
    """One slot's evaluation of some positions: what it is based on, and what it has come to so far."""

    slot: datetime
    stamp: Stamp
    quotes: Quotes
    watches: list[Watch] = field(default_factory=list)
    recorded: int = 0
    failed: list[UUID] = field(default_factory=list)
    rules: Rules | None = None
    _gates: dict[tuple[UUID, str, str], QuoteGate | None] = field(default_factory=dict)

    def is_good(self, source: tuple[str, str]) -> bool:
        """Whether nothing stands against a quote by now."""
        return aged(self.quotes[source], self.stamp.at).gate is None

    def quote_for(self, position: Position) -> tuple[CheckedQuote, QuoteGate | None]:
        """Return a position's quote, grown older since it was fetched, and what stands against it."""
        source = (position.market_provider, position.ticker)
        checked = aged(self.quotes[source], self.stamp.at)
        if checked.gate is None:
            return checked, None
        key = (position.tenant_id, *source)
        if key not in self._gates:
            self._gates[key] = gate_for(checked, ticker=position.ticker, tenant_id=position.tenant_id)
        return checked, self._gates[key]


def evaluate_locked(work: TickWork, positions: Collection[Position]) -> None:
    """Evaluate locked positions inside the caller's unit of work.

    What can't be decided is noted in `work.failed`, and changes nothing. `work.rules`, if there are any, must
    have been read while the positions were locked.
    """
    share_switches()
    versions = rules_versions({position.tenant_id for position in positions})
    settings = work.rules.settings if work.rules and work.rules.seen == rules_seen() else None
    recorded = _outcomes_recorded(positions)
    around = circumstances_of_many(positions, work.stamp.at, settings)
    due = []
    for position in positions:
        decided = _decided(work, position, around[position.pk])
        if decided is None:
            continue
        work.watches.append(watch_after(position, *decided, versions[position.tenant_id]))
        if _is_news(decided[1], recorded.get(position.pk), around[position.pk], work.stamp.at):
            due.append((position, *decided))
    lock_chains([position_chain(position) for position, _, _ in due])
    for position, snapshot, decision in due:
        _carry_out(work, position, snapshot, decision, around[position.pk])
    save_watches(work.watches)


def _decided(work: TickWork, position: Position, around: Circumstances) -> tuple[Snapshot, Decision] | None:
    checked, gate = work.quote_for(position)
    try:
        snapshot = snapshot_in(around, position, checked.quote, work.stamp.at, gate)
        return snapshot, snapshot.decide()
    except Exception:
        _failed(work, position)
        return None


def _carry_out(
    work: TickWork, position: Position, snapshot: Snapshot, decision: Decision, around: Circumstances
) -> None:
    """Record and trade. What fails is undone alone; a database in trouble is everybody's trouble."""
    event_id = event_of(position.pk, work.slot)
    try:
        if decision.side is None:
            carry_out(position, snapshot, around.effective, decision, stamp=work.stamp, event_id=event_id)
        else:
            with current_unit().savepoint():
                carry_out(position, snapshot, around.effective, decision, stamp=work.stamp, event_id=event_id)
    except DatabaseError:
        raise
    except Exception:
        _failed(work, position)
        work.watches = [watch for watch in work.watches if watch.position_id != position.pk]
    else:
        work.recorded += 1


def _failed(work: TickWork, position: Position) -> None:
    log.exception("evaluation_failed", extra={"position": str(position.pk)})
    work.failed.append(position.pk)


def _is_news(decision: Decision, recorded: Outcome | None, around: Circumstances, at: datetime) -> bool:
    """Whether a decision is to be recorded: it trades, differs from the last one recorded, or all are.

    A trade under the minimums is rejected once a day, though that is no other outcome than yesterday's.
    """
    if decision.trades or settings.RECORD_EVALUATIONS == ALL:
        return True
    if recorded != (decision.action, decision.reason):
        return True
    return decision.action is Action.REJECT and not _rejected_today(around, at)


def _rejected_today(around: Circumstances, at: datetime) -> bool:
    today = trading_date(at)
    return any(
        order.status == OrderStatus.REJECTED and order.reason == BELOW_MIN and order.trading_date == today
        for order in around.orders
    )


def _outcomes_recorded(positions: Iterable[Position]) -> dict[UUID, Outcome]:
    rows = Watch.objects.filter(position__in=[position.pk for position in positions])
    return {key: (action, reason) for key, action, reason in rows.values_list("pk", "action", "reason")}
