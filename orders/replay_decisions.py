"""Make every recorded decision again from its event, and say which come out differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orders.snapshot import snapshot_from_facts
from positions.event_types import EventType
from positions.models import Event
from volbal.door import decision_as_json
from volbal.errors import VolbalError

# What foreign or tampered JSON makes of the way back to values.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, VolbalError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A recorded decision beside the one that its inputs give now."""

    recorded: dict[str, Any]
    recomputed: dict[str, Any]

    @property
    def identical(self) -> bool:
        """Whether they agree in every field, as text."""
        return self.recorded == self.recomputed


def replay_decision(event: Event) -> Replayed:
    """Recompute one `position_evaluated` event's decision. Raises one of UNREADABLE on foreign JSON."""
    decision = snapshot_from_facts(event.inputs).decide()
    return Replayed(recorded=event.outputs["decision"], recomputed=decision_as_json(decision))


def replayed_decisions() -> Iterator[tuple[Event, Replayed | None]]:
    """Yield every evaluation with its replay; None where its inputs can't be read."""
    events = Event.objects.filter(type=EventType.POSITION_EVALUATED).order_by("chain", "seq")
    for event in events.iterator(chunk_size=1000):
        try:
            yield event, replay_decision(event)
        except UNREADABLE:
            yield event, None
