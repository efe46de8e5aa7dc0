"""Who is affected by a change of settings, and whether what they end up with still makes sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from configs.models import Scope, SettingRow
from configs.owners import Owner
from configs.resolver import Path, resolve, said_in
from configs.rows import MODELS
from positions.models import PositionStatus
from volbal.errors import InvalidConfig
from volbal.policy import check_config

RowsByOwner = Mapping[UUID | None, SettingRow]


def check_inheritance(owner: Owner, group: str, changed: SettingRow) -> None:
    """Check what holds for `owner` and for everyone below who overrides something, were `changed` saved.

    Raises InvalidConfig naming whose settings would make no sense. Closed positions are not asked.
    """
    rows = {name: {row.owner_key: row for row in _rows_concerned(name, owner)} for name in MODELS}
    rows[group][changed.owner_key] = changed
    said = {name: said_in(name, rows_of_group) for name, rows_of_group in rows.items()}
    for path, name in _affected(owner, changed, rows).items():
        effective = resolve(said, path)
        try:
            check_config(effective.trigger, effective.guardrail, effective.order_policy)
        except InvalidConfig as refusal:
            raise InvalidConfig(f"{name}: {refusal.detail}", **refusal.facts) from refusal


def _rows_concerned(group: str, owner: Owner) -> Iterator[SettingRow]:
    """Read the rows that `owner` and those below it take something from."""
    everyones = MODELS[group]._default_manager.select_related("tenant", "position__tenant")
    if owner.position is not None:
        return everyones.about([owner.position]).iterator()
    if owner.tenant is not None:
        return everyones.of_tenant_and_below(owner.tenant.pk).iterator()
    return everyones.iterator()


def _affected(owner: Owner, changed: SettingRow, rows: Mapping[str, RowsByOwner]) -> dict[Path, str]:
    """Return the owners to check, the changed one first, each with the name people know it by."""
    affected = {_path(changed): _name(changed)}
    for rows_of_group in rows.values():
        for row in rows_of_group.values():
            if changed.owner_key in _path(row) and not _is_closed(row):
                affected.setdefault(_path(row), _name(row))
    return affected


def _path(row: SettingRow) -> Path:
    if row.position is not None:
        return (row.position.pk, row.position.tenant_id, None)
    return (None,) if row.tenant_id is None else (row.tenant_id, None)


def _name(row: SettingRow) -> str:
    if row.position is not None:
        return f"Position {row.position} of {row.position.tenant}"
    return "GLOBAL" if row.scope == Scope.GLOBAL else f"Tenant {row.tenant}"


def _is_closed(row: SettingRow) -> bool:
    return row.position is not None and row.position.status == PositionStatus.CLOSED
