"""Curves on one scale, such as the value of a cell and of just holding."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from volbal.numbers import EXACT

WIDTH, HEIGHT, MARGIN = 600, 140, 4
TENTH = Decimal("0.1")
NAMES = ("first", "second", "third", "fourth")

Values = Sequence[Decimal | None]


def curves(series: Sequence[Values]) -> SafeString:
    """Draw up to four series of values that are evenly apart; None interrupts a line. "" for nothing.

    It says nothing to those who can't see it: the figures stand beside it.
    """
    known = [value for values in series for value in values if value is not None]
    if len(known) < 2 * len(series):
        return SafeString("")
    low, high = min(known), max(known)
    lines = format_html_join(
        "",
        '<polyline class="curve {}" points="{}"/>',
        (
            (name, " ".join(part))
            for name, values in reversed(list(zip(NAMES, series, strict=False)))
            for part in _parts(values, low, high)
        ),
    )
    return format_html(
        '<svg class="curves" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        WIDTH,
        HEIGHT,
        lines,
    )


def _parts(values: Values, low: Decimal, high: Decimal) -> list[list[str]]:
    spread, last = (high - low) or Decimal(1), max(len(values) - 1, 1)
    parts: list[list[str]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            parts.append([])
            continue
        x = _tenth(Decimal(WIDTH * number), Decimal(last))
        up = _tenth((value - low) * (HEIGHT - 2 * MARGIN), spread)
        parts[-1].append(f"{x},{HEIGHT - MARGIN - up}")
    return [part for part in parts if part]


def _tenth(above: Decimal, below: Decimal) -> Decimal:
    return EXACT.divide(above, below).quantize(TENTH, ROUND_HALF_EVEN)
