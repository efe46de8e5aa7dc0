"""Values of settings as they come in, checked one by one before they are tried together."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from configs.models import CommissionScope, Scope
from configs.rows import COMMISSION_RATE
from volbal.errors import InvalidConfig, UnknownField
from volbal.fields import GROUPS, NO_LIMIT_WORD, Field, NumberField
from volbal.numbers import RATE_PLACES, parse_decimal, plain


def read_settings(group: str, scope: str, raw: Mapping[str, object]) -> dict[str, object]:
    """Return the values as they are kept: None inherits, "none" is no limit.

    A value may be a Decimal, int, bool or text. Raises UnknownField, InvalidNumber, OutOfRange (too many
    digits) or InvalidConfig.
    """
    if group not in GROUPS:
        raise UnknownField(f"{group[:40]}: there is no such group of settings.", field=group[:40])
    for name in raw:
        if name not in GROUPS[group]:
            raise UnknownField(f"{group}.{name[:40]}: there is no such setting.", field=name[:40])
    if raw.get(COMMISSION_RATE) is not None and scope != Scope.POSITION:
        raise InvalidConfig("commission_rate stands here only at POSITION scope.", field=COMMISSION_RATE)
    return {name: _value(GROUPS[group][name], value, name) for name, value in raw.items()}


def read_rate(rate: Decimal | None) -> Decimal | None:
    """Return a commission rate within [0, 1) and 8 places, or None. Raises as `read_settings` does."""
    if rate is None:
        return None
    kept = parse_decimal(plain(rate), places=RATE_PLACES, signed=True, field="rate")
    if not 0 <= kept < 1:
        raise InvalidConfig("rate must be at least 0 and below 1.", field="rate")
    return kept


def require_commission_scope(scope: str, tenant_id: UUID | None, ticker: str | None) -> None:
    """Raise InvalidConfig unless tenant and ticker are those that the scope asks for."""
    asked = {
        CommissionScope.GLOBAL.value: (False, False),
        CommissionScope.TENANT.value: (True, False),
        CommissionScope.TENANT_ASSET.value: (True, True),
    }
    if asked.get(scope) != (tenant_id is not None, ticker is not None):
        raise InvalidConfig("GLOBAL takes no tenant and no ticker, TENANT a tenant, TENANT_ASSET both.")


def _value(field: Field, raw: object, name: str) -> object:
    if raw is None:
        return None
    if isinstance(field, NumberField):
        if raw == NO_LIMIT_WORD and field.may_be_none:
            return NO_LIMIT_WORD
        if isinstance(raw, Decimal):
            return field.read(plain(raw), name)
        if isinstance(raw, int) and not isinstance(raw, bool):
            return field.read(str(raw), name)
    return field.read(raw, name)
