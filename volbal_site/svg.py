"""Small drawings as SVG: pure functions of numbers. Colours and sizes are the style sheet's.

Only attributes, no `style`: the content security policy forbids inline styles.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH = 200


def rail(stock_pct: Decimal | None, low_pct: Decimal, high_pct: Decimal, words: str) -> SafeString:
    """Draw the stock % of a cell on a bar from 0 to 100 % with its guardrails. `words` says the same."""
    band = format_html(
        '<rect class="rail-band" x="{}" y="4" width="{}" height="8" rx="4"/>',
        _x(low_pct),
        _x(high_pct - low_pct),
    )
    marks = format_html_join(
        "",
        '<rect class="rail-mark" x="{}" y="2" width="1.5" height="12"/>',
        ((_x(p),) for p in (low_pct, high_pct)),
    )
    return format_html(
        '<svg class="rail" viewBox="0 0 {} 16" preserveAspectRatio="xMinYMid" role="img" aria-label="{}">'
        "<title>{}</title>"
        '<rect class="rail-all" x="0" y="4" width="{}" height="8" rx="4"/>{}{}{}</svg>',
        WIDTH,
        words,
        words,
        WIDTH,
        band,
        marks,
        _needle(stock_pct, low_pct, high_pct),
    )


def spark(values: Sequence[Decimal | None], words: str, *, height: int = 40) -> SafeString:
    """Draw a line through values that are evenly apart; one that is None interrupts it."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return format_html('<span class="quiet">{}</span>', words)
    low, high = min(known), max(known)
    points = _points(values, low, (high - low) or Decimal(1), height)
    lines = format_html_join("", '<polyline points="{}"/>', ((" ".join(part),) for part in points if part))
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        "<title>{}</title>{}</svg>",
        WIDTH,
        height,
        words,
        words,
        lines,
    )


def sparks(
    values: Sequence[Decimal], others: Sequence[Decimal], words: str, *, height: int = 60
) -> SafeString:
    """Draw two lines on one scale, the second one paler; `words` says which is which."""
    if min(len(values), len(others)) < 2:
        return format_html('<span class="quiet">{}</span>', words)
    low, high = min(*values, *others), max(*values, *others)
    spread = (high - low) or Decimal(1)
    lines = format_html_join(
        "",
        '<polyline class="{}" points="{}"/>',
        (
            (kind, " ".join(_points(series, low, spread, height)[0]))
            for kind, series in (("other", others), ("own", values))
        ),
    )
    return format_html(
        '<svg class="spark tall" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        "<title>{}</title>{}</svg>",
        WIDTH,
        height,
        words,
        words,
        lines,
    )


def bar(share: Decimal, words: str, *, tone: str = "even") -> SafeString:
    """Draw a bar that is filled to `share`, from 0 to 1."""
    filled = min(max(share, Decimal(0)), Decimal(1))
    return format_html(
        '<svg class="bar {}" viewBox="0 0 {} 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="bar-all" width="{}" height="8" rx="4"/>'
        '<rect class="bar-part" width="{}" height="8" rx="4"/></svg>',
        tone,
        WIDTH,
        words,
        WIDTH,
        _plain(filled * WIDTH),
    )


def _needle(stock_pct: Decimal | None, low_pct: Decimal, high_pct: Decimal) -> SafeString:
    if stock_pct is None:
        return SafeString("")
    state = "inside" if low_pct <= stock_pct <= high_pct else "outside"
    return format_html('<circle class="rail-needle {}" cx="{}" cy="8" r="5.5"/>', state, _x(stock_pct))


def _points(values: Sequence[Decimal | None], low: Decimal, spread: Decimal, height: int) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    step = Decimal(WIDTH) / max(len(values) - 1, 1)
    for number, value in enumerate(values):
        if value is None:
            parts.append([])
        else:
            y = Decimal(height - 4) * (1 - (value - low) / spread) + 2
            parts[-1].append(f"{_plain(step * number)},{_plain(y)}")
    return parts


def _x(pct: Decimal) -> str:
    return _plain(pct * WIDTH / 100)


def _plain(value: Decimal) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
