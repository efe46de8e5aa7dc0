"""Everything a decision was made from, as JSON and back, so that it can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from configs.models import Scope
from configs.resolver import EffectiveConfig
from volbal.decision import decide
from volbal.door import decision_as_json
from volbal.fields import GROUPS, BoolField, NumberField
from volbal.values import (
    DayActivity,
    Decision,
    Gates,
    GuardrailConfig,
    MarketQuote,
    OrderPolicyConfig,
    PositionState,
    TriggerConfig,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The decision's inputs: nothing else may influence it."""

    position: PositionState
    quote: MarketQuote | None
    trigger: TriggerConfig
    guardrail: GuardrailConfig
    order_policy: OrderPolicyConfig
    today: DayActivity
    gates: Gates

    def decide(self) -> Decision:
        """Make the decision. Raises InvalidConfig or OutOfRange as the core does."""
        return decide(**{part: getattr(self, part) for part in PARTS})


PARTS = tuple(field.name for field in fields(Snapshot))


def snapshot_as_facts(snapshot: Snapshot, effective: EffectiveConfig) -> dict[str, Any]:
    """Return the snapshot for an event's inputs, with the scope of each setting that isn't from GLOBAL."""
    return {**{part: facts_of(getattr(snapshot, part)) for part in PARTS}, "scopes": _own(effective)}


def snapshot_from_facts(facts: Mapping[str, Any]) -> Snapshot:
    """Rebuild the snapshot from an event's inputs. Raises KeyError or ValueError for other JSON."""
    quote = facts["quote"]
    return Snapshot(
        position=_position(facts["position"]),
        quote=None if quote is None else _quote(quote),
        trigger=TriggerConfig(**_settings("trigger", facts)),
        guardrail=GuardrailConfig(**_settings("guardrail", facts)),
        order_policy=OrderPolicyConfig(**_settings("order_policy", facts)),
        today=DayActivity(orders=facts["today"]["orders"], notional=Decimal(facts["today"]["notional"])),
        gates=Gates(**facts["gates"]),
    )


def decision_as_facts(decision: Decision) -> dict[str, Any]:
    """Return the decision for an event's outputs."""
    return {"decision": decision_as_json(decision)}


def _own(effective: EffectiveConfig) -> dict[str, dict[str, str]]:
    return {
        group: {name: scope for name, scope in scopes.items() if scope != Scope.GLOBAL}
        for group, scopes in effective.scopes.items()
    }


def facts_of(part: Any) -> dict[str, Any] | None:
    """Return one part of a snapshot by the names of its fields; None of None."""
    return None if part is None else {name: getattr(part, name) for name in part.__slots__}


def _quote(facts: Mapping[str, Any]) -> MarketQuote:
    as_of = facts["as_of"]
    return MarketQuote(
        price=Decimal(facts["price"]),
        as_of=None if as_of is None else datetime.fromisoformat(as_of),
        source=facts["source"],
        is_real=facts["is_real"],
    )


def _settings(group: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _setting(GROUPS[group][name], raw) for name, raw in facts[group].items()}


def _setting(field: object, raw: Any) -> Any:
    if raw is None or isinstance(field, BoolField):
        return raw
    if isinstance(field, NumberField):
        return raw if field.places == 0 else Decimal(raw)
    return raw


def _position(facts: Mapping[str, Any]) -> PositionState:
    anchor = facts["anchor_price"]
    return PositionState(
        ticker=facts["ticker"],
        qty=Decimal(facts["qty"]),
        cash=Decimal(facts["cash"]),
        dividend_receivable=Decimal(facts["dividend_receivable"]),
        anchor_price=None if anchor is None else Decimal(anchor),
    )
