"""Which settings there are, and how each is read from text. One table for every way in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from volbal.errors import InvalidConfig, InvalidTicker, OutOfRange, UnknownField
from volbal.numbers import parse_decimal, parse_json_number

TICKER = re.compile(r"[A-Z0-9.\-]{1,12}\Z", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[+ -]\d\d:\d\d)\Z", re.ASCII)
NO_LIMIT_WORD = "none"


class JsonNumber(str):
    """The text of a JSON number, kept as it was written."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class NumberField:
    """A decimal with so many places; an integer has none. `may_be_none`: null means no limit."""

    places: int
    may_be_none: bool = False

    def read(self, raw: object, field: str) -> Decimal | int | None:
        """Read a string or JSON number. Raises InvalidNumber, OutOfRange or InvalidConfig."""
        if raw is None and self.may_be_none:
            return None
        number = read_decimal(raw, places=self.places, signed=True, field=field)
        return int(number) if self.places == 0 else number


@dataclass(frozen=True, slots=True)
class BoolField:
    """JSON's true or false."""

    def read(self, raw: object, field: str) -> bool:
        """Return the boolean. Raises InvalidConfig for anything else."""
        if isinstance(raw, bool):
            return raw
        raise InvalidConfig(f"{field}: must be true or false.", field=field)


@dataclass(frozen=True, slots=True)
class WordField:
    """A name; which names are known is checked with the whole configuration."""

    def read(self, raw: object, field: str) -> str:
        """Return the word. Raises InvalidConfig for anything but a string."""
        if isinstance(raw, str) and not isinstance(raw, JsonNumber):
            return raw
        raise InvalidConfig(f"{field}: must be a word.", field=field)


Field = NumberField | BoolField | WordField

TRIGGER_FIELDS: dict[str, Field] = {
    "up_threshold_pct": NumberField(6),
    "down_threshold_pct": NumberField(6),
}
GUARDRAIL_FIELDS: dict[str, Field] = {
    "min_stock_pct": NumberField(6),
    "max_stock_pct": NumberField(6),
    "max_trade_pct_of_position": NumberField(6, may_be_none=True),
    "max_daily_notional": NumberField(6, may_be_none=True),
    "max_orders_per_day": NumberField(0, may_be_none=True),
}
ORDER_POLICY_FIELDS: dict[str, Field] = {
    "min_qty": NumberField(8),
    "min_notional": NumberField(6),
    "lot_size": NumberField(8),
    "qty_step": NumberField(8),
    "action_below_min": WordField(),
    "rebalance_ratio": NumberField(6),
    "order_sizing_strategy": WordField(),
    "allow_after_hours": BoolField(),
    "commission_rate": NumberField(8),
    "slippage_bps": NumberField(4),
}
GROUPS: dict[str, dict[str, Field]] = {
    "trigger": TRIGGER_FIELDS,
    "guardrail": GUARDRAIL_FIELDS,
    "order_policy": ORDER_POLICY_FIELDS,
}
PRESETS: dict[str, dict[str, dict[str, Decimal]]] = {
    "classic": {},
    "gentle": {
        "trigger": {"up_threshold_pct": Decimal(5), "down_threshold_pct": Decimal(5)},
        "guardrail": {"min_stock_pct": Decimal(30), "max_stock_pct": Decimal(70)},
        "order_policy": {"rebalance_ratio": Decimal("0.5")},
    },
    "active": {
        "trigger": {"up_threshold_pct": Decimal("1.5"), "down_threshold_pct": Decimal("1.5")},
        "guardrail": {"min_stock_pct": Decimal(20), "max_stock_pct": Decimal(80)},
        "order_policy": {"rebalance_ratio": Decimal("1.6667")},
    },
}


def read_decimal(raw: object, *, places: int, signed: bool = False, field: str) -> Decimal:
    """Read a decimal from a string or a JSON number's text.

    Raises InvalidNumber (also for null, booleans and lists) or OutOfRange.
    """
    if isinstance(raw, JsonNumber):
        return parse_json_number(raw, places=places, signed=signed, field=field)
    return parse_decimal(raw if isinstance(raw, str) else "", places=places, signed=signed, field=field)


def read_price(raw: object, *, field: str) -> Decimal:
    """Read a price in dollars per share, 6 places, above zero."""
    price = read_decimal(raw, places=6, field=field)
    if price == 0:
        raise OutOfRange(f"{field}: must be above zero.", field=field)
    return price


def read_text(raw: str, *, longest: int, field: str) -> str:
    """Read a line of text for people, without blanks around it. Raises OutOfRange for what can't be kept."""
    text = raw.strip()
    if not 0 < len(text) <= longest or not text.isprintable():
        raise OutOfRange(f"{field}: 1 to {longest} printable characters.", field=field)
    return text


def read_ticker(raw: object) -> str:
    """Read a ticker, raising lower case. Raises InvalidTicker."""
    if isinstance(raw, str) and not isinstance(raw, JsonNumber):
        ticker = raw.upper() if raw.isascii() else ""
        if TICKER.match(ticker):
            return ticker
    raise InvalidTicker("A ticker has 1 to 12 of A-Z, 0-9, dot and hyphen.", field="ticker")


def read_group(group: str, raw: Mapping[str, object]) -> dict[str, Any]:
    """Read one group of settings into keyword arguments of its configuration class.

    Raises UnknownField, InvalidNumber, OutOfRange or InvalidConfig.
    """
    fields = GROUPS[group]
    for name in raw:
        if name not in fields:
            raise UnknownField(f"{group}.{name[:40]}: there is no such setting.", field=name[:40])
    return {name: fields[name].read(value, f"{group}.{name}") for name, value in raw.items()}


def read_setting(name: str, text: str) -> tuple[str, Decimal | int | bool | str | None]:
    """Read one setting given as text, as on a command line; return (its group, its value).

    `none` stands for no limit. Raises UnknownField, InvalidNumber, OutOfRange or InvalidConfig.
    """
    for group, fields in GROUPS.items():
        if name in fields:
            return group, fields[name].read(_typed(fields[name], text), name)
    raise UnknownField(f"{name[:40]}: there is no such setting.", field=name[:40])


def _typed(field: Field, text: str) -> object:
    if isinstance(field, BoolField):
        return {"true": True, "false": False}.get(text.lower(), text)
    if isinstance(field, NumberField) and field.may_be_none and text.lower() == NO_LIMIT_WORD:
        return None
    return text


def read_whole(raw: object, *, field: str) -> int:
    """Read a whole number, at least 0, from a string or a JSON number. Raises InvalidNumber or OutOfRange."""
    return int(read_decimal(raw, places=0, field=field))


def read_day(raw: object, *, field: str) -> date:
    """Read a date like 2000-03-01, and no other way of writing one. Raises OutOfRange."""
    if isinstance(raw, str) and DAY.match(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    raise OutOfRange(f"{field}: {str(raw)[:40]!r} is not a date like 2000-03-01.", field=field)


def read_moment(raw: object, *, field: str) -> datetime:
    """Read an aware time like 2000-03-01T14:30:00Z or ...+01:00. Raises OutOfRange, also without an offset.

    A blank stands for the plus of the offset: that is what an address makes of one that wasn't escaped.
    """
    match = MOMENT.match(raw) if isinstance(raw, str) else None
    if match is not None:
        try:
            return datetime.fromisoformat(match[1] + match[2].replace(" ", "+"))
        except ValueError:
            pass
    raise OutOfRange(f"{field}: {str(raw)[:40]!r} is not a time like 2000-03-01T14:30:00Z.", field=field)
