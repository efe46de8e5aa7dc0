"""Numbers and times as people read them. Available in every template."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from configs.words import in_words
from volbal.numbers import EXACT
from volbal.trading_day import NEW_YORK

register = template.Library()

NONE = "–"
MINUS = "−"
CENT, TENTH, MILLION = Decimal("0.01"), Decimal("0.1"), Decimal(1_000_000)
ZONE_NAMES = {"America/New_York": "New York", "UTC": "UTC"}


@register.filter
def money(value: Any) -> str:
    """Write dollars with cents: $1,234.50."""
    return NONE if _is_nothing(value) else _with_sign(value, f"${_rounded(abs(value), CENT):,}")


@register.filter
def whole_money(value: Any) -> str:
    """Write dollars without cents, for large sums beside each other."""
    return NONE if _is_nothing(value) else _with_sign(value, f"${_rounded(abs(value), Decimal(1)):,}")


@register.filter
def large_money(value: Any) -> str:
    """Write a sum that stands large on a page: from a million on without cents, so that it fits a phone."""
    return money(value) if _is_nothing(value) or abs(value) < MILLION else whole_money(value)


@register.filter
def price(value: Any) -> str:
    """Write dollars per share with cents, and further digits only where there are any."""
    return NONE if _is_nothing(value) else _with_sign(value, f"${_at_least(abs(value), 2)}")


@register.filter
def shares(value: Any) -> str:
    """Write a quantity of shares without trailing zeros."""
    return NONE if _is_nothing(value) else _with_sign(value, _at_least(abs(value), 0))


@register.filter
def pct(value: Any, places: int = 2) -> str:
    """Write percent points: 54.39 %."""
    if _is_nothing(value):
        return NONE
    return f"{_with_sign(value, f'{_rounded(abs(value), Decimal(1).scaleb(-places)):,}')} %"


@register.filter
def rate(value: Any) -> str:
    """Write a fraction as percent, with all its digits: 0.0001 is 0.01 %."""
    return NONE if _is_nothing(value) else f"{_at_least(EXACT.multiply(value, Decimal(100)), 0)} %"


@register.filter
def of_ten_thousand(rate: Decimal | None) -> Decimal | None:
    """Return what a rate comes to on $10,000."""
    return None if rate is None else EXACT.multiply(rate, Decimal(10_000))


@register.filter
def setting_words(text: str) -> str:
    """Write a sentence of the rules with the settings called as pages call them."""
    return in_words(text)


@register.filter
def signed(value: Any, how: str = "money") -> str:
    """Write with a sign always; `how` is the name of another filter, such as pct. Zero has none."""
    if _is_nothing(value):
        return NONE
    text = str(_HOW[how](value))
    is_zero = not any(digit in text for digit in "123456789")
    return text if is_zero or text.startswith(MINUS) else f"+{text}"


@register.filter
def figure(value: Any, how: str = "money") -> str:
    """Write a figure of a run, a number or its text; `how` is money, pct, ratio or count."""
    if _is_nothing(value):
        return NONE
    number = Decimal(str(value))
    if how == "count":
        return f"{int(number):,}"
    return (
        _with_sign(number, f"{_rounded(abs(number), CENT):,}") if how == "ratio" else str(_HOW[how](number))
    )


@register.filter
def tone(value: Any) -> str:
    """Return the class of a gain or a loss; the sign says it too."""
    if not value:
        return "even"
    return "gain" if value > 0 else "loss"


@register.filter
def moment(value: Any, zone: str = "America/New_York") -> str | SafeString:
    """Write a time with its zone: 8 Jan 2024, 11:00 New York."""
    return NONE if _is_nothing(value) else _time(value, zone, "%-d %b %Y, %H:%M")


@register.filter
def clock(value: Any, zone: str = "America/New_York") -> str | SafeString:
    """Write the time of a day with its zone: 16:00 New York."""
    return NONE if _is_nothing(value) else _time(value, zone, "%H:%M")


@register.filter
def day(value: Any, zone: str = "America/New_York") -> str | SafeString:
    """Write a date: 8 Jan 2024; of a moment the date in New York."""
    if _is_nothing(value):
        return NONE
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(zone)).date()
    return SafeString(f'<time datetime="{value.isoformat()}">{value:%-d %b %Y}</time>')


_HOW = {
    "money": money,
    "whole_money": whole_money,
    "large_money": large_money,
    "pct": pct,
    "price": price,
    "shares": shares,
}


def _is_nothing(value: Any) -> bool:
    """None, or what a template has for something that isn't there."""
    return value is None or value == ""


def _time(value: datetime, zone: str, form: str) -> SafeString:
    local = value.astimezone(NEW_YORK if zone == "America/New_York" else ZoneInfo(zone))
    name = ZONE_NAMES.get(zone) or escape(zone)
    return SafeString(f'<time datetime="{value.isoformat()}">{local:{form}} {name}</time>')


def _rounded(value: Decimal, unit: Decimal) -> Decimal:
    return value.quantize(unit, ROUND_HALF_EVEN, EXACT)


def _at_least(value: Decimal, places: int) -> str:
    """Write all digits, at least so many after the point."""
    whole, _, fraction = f"{value:,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}.{fraction}" if fraction else whole


def _with_sign(value: Decimal, text: str) -> str:
    return f"{MINUS}{text}" if value < 0 and any(digit in text for digit in "123456789") else text
