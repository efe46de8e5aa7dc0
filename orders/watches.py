"""What the schedule remembers of a position, written with the decision that it is about."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Sum, Value

from accounts.prepared import Prepared, put_rows
from orders.models import RulesVersion, Watch
from orders.snapshot import Snapshot
from orders.tick_models import EVERYONE
from positions.models import Position
from volbal.numbers import MAX_PRICE
from volbal.quiet_band import in_ticks, quiet_band
from volbal.quotes import QuoteGate
from volbal.values import Action, Decision

OUTCOME = ("first", "last", "action", "reason")
WHOLE = (*OUTCOME, "gate", "version", "buy_at", "sell_at", "without_orders")
HIGHEST = in_ticks(MAX_PRICE)
# Reasons that stand whatever the quote, until position, settings or a switch change.
WHATEVER_THE_QUOTE = frozenset({"halted", "no_anchor"})
_VERSIONS = Prepared(
    lambda: RulesVersion.objects.values(all=Value(1)).annotate(seen=Sum("version")).values_list("seen")
)
_QUOTE_GATES = frozenset(gate.value for gate in QuoteGate)


def forget_band(position: Position, decision: Decision) -> None:
    """Remember the outcome recorded last of a locked position, and that the schedule has to look again."""
    watch = Watch(position=position, action=decision.action, reason=decision.reason)
    put_rows([watch], OUTCOME)


def watch_after(position: Position, snapshot: Snapshot, decision: Decision, version: int) -> Watch:
    """Return what to remember of a decision that was made by rules of this version."""
    first, last, gate = _where_it_stands(snapshot, decision)
    return Watch(
        position=position,
        first=first,
        last=last,
        gate=gate,
        version=version,
        action=decision.action,
        reason=decision.reason,
        buy_at=None if decision.buy_at is None else in_ticks(decision.buy_at),
        sell_at=None if decision.sell_at is None else in_ticks(decision.sell_at),
        without_orders=snapshot.today.orders == 0,
    )


def save_watches(watches: Collection[Watch]) -> None:
    """Write what is remembered of locked positions."""
    put_rows(list(watches), WHOLE)


def rules_versions(tenant_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the version of the rules that hold for each tenant. Read it before the rules."""
    rows = dict(
        RulesVersion.objects.filter(owner__in=[EVERYONE, *tenant_ids]).values_list("owner", "version")
    )
    return {tenant_id: rows.get(EVERYONE, 0) + rows.get(tenant_id, 0) for tenant_id in tenant_ids}


def rules_seen() -> object:
    """Return what is another as soon as any rule has changed."""
    return _VERSIONS.rows()


def _where_it_stands(snapshot: Snapshot, decision: Decision) -> tuple[int, int, str]:
    """Return (first, last, gate): in ticks, where this stays the outcome, and of which quotes."""
    if decision.action is Action.HOLD:
        band = quiet_band(snapshot.position, snapshot.trigger, snapshot.guardrail)
        return (1, 0, "") if band is None else (band.first, band.last, "")
    if decision.reason in WHATEVER_THE_QUOTE:
        return 0, HIGHEST, Watch.ANY_QUOTE
    if decision.reason in _QUOTE_GATES:
        return 0, HIGHEST, decision.reason
    return 1, 0, ""
