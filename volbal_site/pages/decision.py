"""The page of one decision: what it was, how its size came about, what it was made from, and once more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.page_access import page, tenant_seen
from accounts.prepared import Prepared, Slot
from accounts.transactions import the_row
from orders.models import Order
from orders.order_lists import executions_of
from orders.replay_decisions import UNREADABLE, Replayed, replay_decision
from orders.snapshot import Snapshot, snapshot_from_facts
from positions.event_types import EventType
from positions.models import Event
from volbal_site.pages.setting_words import SettingGroup, groups_of
from volbal_site.pages.sizes import SizeLine, size_lines
from volbal_site.pages.ways_out import BLOCKED, WayOut
from volbal_site.pages.what_if import steps_in
from volbal_site.templatetags.amounts import money, price, shares

GATES = {
    "halted": "Trading was stopped",
    "paused": "The cell was paused",
    "reducing": "Only sales were allowed",
    "stale_quote": "There was no fresh price",
    "outlier_quote": "The price was in doubt",
    "split_suspected": "A split was suspected",
    "open_order": "An order was open",
}
SOURCES = {"manual": "given by hand", "replay": "of the past, replayed", "static": "set by hand"}


class Input(NamedTuple):
    """One thing the decision was made from."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """The decision made once more from what was kept: the same, different in some fields, or impossible."""

    replayed: Replayed | None

    @property
    def is_identical(self) -> bool:
        """Whether it comes out the same to the last digit."""
        return self.replayed is not None and self.replayed.identical

    @property
    def differences(self) -> list[tuple[str, Any, Any]]:
        """Return (field, recorded, recomputed) of what differs."""
        if self.replayed is None:
            return []
        old, new = self.replayed.recorded, self.replayed.recomputed
        return [
            (name, old.get(name), new.get(name))
            for name in sorted({*old, *new})
            if old.get(name) != new.get(name)
        ]


@page()
def decision(request: HttpRequest, event_id: UUID) -> HttpResponse:
    event = the_row(_DECISION.first(tenant=tenant_seen(request).pk, pk=event_id), "decision")
    snapshot = _snapshot_of(event)
    decided = event.outputs["decision"]
    order = order_of(event)
    context = {
        "event": event,
        "cell": event.position,
        "decided": _numbers(decided),
        "lines": _lines(snapshot, decided),
        "inputs": list(_inputs(snapshot)) if snapshot else [],
        "groups": _settings(event.inputs) if snapshot else [],
        "recomputed": recomputed(event),
        "order": order,
        "trades": executions_of(order) if order else [],
        "way": way_of(decided),
    }
    return render(request, "pages/decision.html", context)


def recomputed(event: Event) -> Recomputed:
    """Make a recorded decision again from its event."""
    try:
        return Recomputed(replayed=replay_decision(event))
    except UNREADABLE:
        return Recomputed(replayed=None)


def way_of(decided: Mapping[str, Any]) -> WayOut | None:
    """Return what stood in the way, if a closed gate did."""
    return BLOCKED.get(decided["reason"]) if decided["action"] == "SKIP" else None


def order_of(event: Event) -> Order | None:
    """Return the order that an evaluation led to: it was made in the same moment."""
    decided = event.outputs["decision"]
    if decided["side"] is None or decided["action"] == "SKIP":
        return None
    made = _MADE_THEN.rows(position=event.position_id, at=event.ts, side=decided["side"])
    of_any_size = decided["action"] == "REJECT"
    return next((one for one in made if of_any_size or one.qty == Decimal(decided["qty"])), None)


_DECISION = Prepared(
    lambda: Event.objects.filter(
        tenant=Slot("tenant", models.UUIDField()),
        type=EventType.POSITION_EVALUATED,
        pk=Slot("pk", models.UUIDField()),
    ).select_related("position")
)
_MADE_THEN = Prepared(
    lambda: (
        Order.objects.filter(
            position=Slot("position", models.UUIDField()),
            created_at=Slot("at", models.DateTimeField()),
            side=Slot("side", models.CharField()),
        )
        .exclude(reason="by_hand")
        .order_by("id")
    )
)


def _snapshot_of(event: Event) -> Snapshot | None:
    try:
        return snapshot_from_facts(event.inputs)
    except UNREADABLE:
        return None


def _lines(snapshot: Snapshot | None, decided: Mapping[str, Any]) -> Sequence[SizeLine]:
    try:
        steps = () if snapshot is None else steps_in(snapshot)
    except UNREADABLE:
        return []
    return size_lines(steps, decided["binding_limit"])


NUMBERS = ("qty", "notional", "commission", "stock_pct_before", "stock_pct_after", "buy_at", "sell_at")


def _numbers(decided: Mapping[str, Any]) -> dict[str, Any]:
    """Return the decision with its numbers as numbers again."""
    found = dict(decided)
    for name in NUMBERS:
        found[name] = None if decided[name] is None else Decimal(decided[name])
    return found


def _settings(inputs: Mapping[str, Any]) -> list[SettingGroup]:
    values = {group: inputs[group] for group in ("trigger", "guardrail", "order_policy")}
    return list(groups_of(values, inputs.get("scopes", {})))


def _inputs(snapshot: Snapshot) -> Iterator[Input]:
    """Yield all but the settings, in words."""
    position, quote, today = snapshot.position, snapshot.quote, snapshot.today
    if quote is not None:
        seen = f"{price(quote.price)}, {SOURCES.get(quote.source, quote.source or 'source unknown')}"
        yield Input("Price", f"{seen}{_seen_at(quote.as_of)}")
    yield Input("Anchor", price(position.anchor_price))
    yield Input("Shares", shares(position.qty))
    yield Input("Cash", money(position.cash))
    yield Input("Dividends on their way", money(position.dividend_receivable))
    yield Input("Orders that day", f"{today.orders}, {money(today.notional)}")
    yield Input("Market", "open" if snapshot.gates.market_open else "closed")
    for name, words in GATES.items():
        if getattr(snapshot.gates, name):
            yield Input("In the way", words)


def _seen_at(at: datetime | None) -> str:
    return "" if at is None else f", of {at:%-d %b %Y}"
