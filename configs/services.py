"""Changing settings: checked with everyone who inherits them, and kept in the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.transactions import Stamp
from configs.inheritance import check_inheritance
from configs.models import CommissionRate, Scope, SettingRow
from configs.owners import Owner, lock_owner
from configs.reading import read_rate, read_settings, require_commission_scope
from configs.rows import MODELS
from volbal.errors import InvalidConfig
from volbal.fields import GROUPS, NO_LIMIT_WORD, PRESETS, read_ticker
from volbal.numbers import plain

COMMISSION_GROUP = "commission"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that may be made: the row as it will be, and the fields that differ, before and after."""

    owner: Owner
    row: SettingRow
    before: dict[str, object]
    after: dict[str, object]


def change_config(
    *,
    group: str,
    scope: str,
    values: Mapping[str, object],
    stamp: Stamp,
    tenant_id: UUID | None = None,
    position_id: UUID | None = None,
) -> SettingRow:
    """Set fields of one group (trigger, guardrail, order_policy) at one scope; fields not named stay.

    A value is a Decimal, int, bool or text; None inherits; "none" is no limit. What has changed is told
    in a `config_changed` event; a change of nothing is none.
    Raises InvalidConfig (also when it only fails for someone who inherits), UnknownField,
    InvalidNumber, OutOfRange, NotFound, PositionClosed.
    """
    change = _planned(group, scope, values, tenant_id, position_id)
    if change.after or change.row.pk is None:
        change.row.save()
    if change.after:
        facts = {"group": group, "scope": scope}
        _record(change.owner, f"{group} settings", facts, change.before, change.after, stamp)
    return change.row


def check_change(
    *,
    group: str,
    scope: str,
    values: Mapping[str, object],
    tenant_id: UUID | None = None,
    position_id: UUID | None = None,
) -> None:
    """Take the locks of `change_config` and raise what it would raise, but change nothing."""
    _planned(group, scope, values, tenant_id, position_id)


def apply_preset(
    *, name: str, scope: str, stamp: Stamp, tenant_id: UUID | None = None, position_id: UUID | None = None
) -> None:
    """Set what the preset says; what other presets set and this one doesn't inherits again.

    Raises InvalidConfig for an unknown preset, else what `change_config` raises.
    """
    if name not in PRESETS:
        raise InvalidConfig(f"preset: choose one of {', '.join(PRESETS)}.", field="preset")
    for group in GROUPS:
        touched = sorted({field for preset in PRESETS.values() for field in preset.get(group, {})})
        chosen = PRESETS[name].get(group, {})
        change_config(
            group=group,
            scope=scope,
            values={field: chosen.get(field) for field in touched},
            stamp=stamp,
            tenant_id=tenant_id,
            position_id=position_id,
        )


def change_commission(
    *,
    scope: str,
    rate: Decimal | None,
    stamp: Stamp,
    tenant_id: UUID | None = None,
    ticker: str | None = None,
) -> CommissionRate:
    """Set a commission rate, a fraction of the notional (0.0001 is 1 bp); None inherits again.

    Raises InvalidConfig (rate outside [0, 1), ids that don't fit the scope), InvalidNumber, OutOfRange,
    InvalidTicker, NotFound.
    """
    new = read_rate(rate)
    require_commission_scope(scope, tenant_id, ticker)
    asset = None if ticker is None else read_ticker(ticker)
    owner = lock_owner(Scope.GLOBAL if tenant_id is None else Scope.TENANT, tenant_id, None)
    columns = {"scope": scope, "tenant": owner.tenant, "ticker": asset}
    row = CommissionRate.objects.filter(**columns).first() or CommissionRate(**columns)
    before, row.rate = row.rate, new
    if row.pk is None or before != new:
        row.save()
    if before != new:
        facts = {"group": COMMISSION_GROUP, "scope": scope, "ticker": asset}
        _record(owner, "commission rate", facts, {"rate": before}, {"rate": new}, stamp)
    return row


def check_commission(
    *, scope: str, rate: Decimal | None, tenant_id: UUID | None = None, ticker: str | None = None
) -> None:
    """Raise what `change_commission` would raise about these values; locks nothing."""
    read_rate(rate)
    require_commission_scope(scope, tenant_id, ticker)
    if ticker is not None:
        read_ticker(ticker)


def _planned(
    group: str, scope: str, values: Mapping[str, object], tenant_id: UUID | None, position_id: UUID | None
) -> Change:
    wanted = read_settings(group, scope, values)
    owner = lock_owner(scope, tenant_id, position_id)
    model = MODELS[group]
    row = model._default_manager.filter(**owner.columns()).first() or model(**owner.columns())
    before = {name: getattr(row, name) for name in wanted}
    after = {name: value for name, value in wanted.items() if value != before[name]}
    for name, value in after.items():
        setattr(row, name, value)
    if after:
        check_inheritance(owner, group, row)
    return Change(owner=owner, row=row, before={name: before[name] for name in after}, after=after)


def _record(
    owner: Owner,
    what: str,
    facts: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    stamp: Stamp,
) -> None:
    """Tell a change in the owner's history: `inputs` say what it was, `outputs` what it is."""
    changes = "; ".join(
        f"{name} from {_in_words(before[name])} to {_in_words(after[name])}" for name in after
    )
    about = " ".join(str(facts[key]) for key in ("scope", "ticker") if facts.get(key))
    owner.record_change(
        f"Changed {what} ({about}): {changes}.",
        inputs={**facts, "before": before},
        outputs={"after": after},
        stamp=stamp,
    )


def _in_words(value: object) -> str:
    if value is None:
        return "inherited"
    if value == NO_LIMIT_WORD:
        return "no limit"
    return plain(value) if isinstance(value, Decimal) else str(value).lower()
