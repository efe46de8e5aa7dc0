"""How cells did: the curve, the figures of a period in all and cell by cell, against just holding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any, NamedTuple

from django import forms
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from accounts.page_access import page, tenant_seen
from accounts.polls import version_of
from positions.cell_filters import CellSpanForm, ids_of
from positions.market_day import market_day
from positions.models import Position
from simulation.analytics import Line, report_of
from simulation.performance import Curve
from volbal_site.svg_curves import curves

# How long figures are shown again before they are reckoned anew: the work grows with the histories. While one
# reader's are, the others see those of before, which are kept as long again.
FRESH_FOR = timedelta(seconds=30)
KEPT_S = 60
_reckoning = Lock()
# Of so many cells the figures come with the page; of more the page comes first.
AT_ONCE = 12
ROWS = 50
NUMBERS_SHOWN = 24


class Period(NamedTuple):
    """A span of time up to today that one chooses by name."""

    name: str
    title: str
    days: int


PERIODS = (
    Period("30d", "30 days", 30),
    Period("90d", "90 days", 90),
    Period("year", "This year", 0),
    Period("12m", "12 months", 365),
    Period("all", "Since the opening", -1),
)
BY_NAME = {period.name: period for period in PERIODS}
DEFAULT = "all"


class AnalyticsForm(CellSpanForm):
    """Which cells, and which time: a period by name, or dates, which win over it."""

    period = forms.ChoiceField(choices=[(one.name, one.title) for one in PERIODS], widget=forms.HiddenInput)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What figures are wanted: of which cells (None: all), from when to when; `period` if it was named."""

    cells: list[Any] | None
    start: date | None
    end: date | None
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """Figures of all cells together, of how many, and when they were reckoned.

    The cells' own are kept beside them under `key`: reading a thousand takes longer than a page may.
    """

    key: str
    total: Line
    curve: Curve
    is_enough: bool
    unpriced: list[str]
    count: int
    at: datetime


@page()
@require_safe
def analytics(request: HttpRequest) -> HttpResponse:
    form = AnalyticsForm(request.GET, tenant=tenant_seen(request))
    asked = _asked(form, request)
    count = _cells(request, asked).count()
    is_whole = count <= AT_ONCE or "whole" in request.GET
    context = {
        "form": form,
        "asked": asked,
        "periods": PERIODS,
        "count": count,
        **(_figures(request, asked) if is_whole and count else {}),
    }
    return render(request, "pages/analytics.html", context)


@page()
@require_safe
def analytics_figures(request: HttpRequest) -> HttpResponse:
    asked = _asked(AnalyticsForm(request.GET, tenant=tenant_seen(request)), request)
    return render(request, "pages/analytics_figures.html", _figures(request, asked))


def _asked(form: AnalyticsForm, request: HttpRequest) -> Asked:
    said = form.wanted()
    cells = ids_of(said.get("cell"))
    if "from" in said or "to" in said:
        return Asked(cells=cells, start=said.get("from"), end=said.get("to"), period="")
    period = BY_NAME[said.get("period", DEFAULT)]
    today = market_day(tenant_seen(request), timezone.now())
    return Asked(cells=cells, start=_start(period, today), end=None, period=period.name)


def _start(period: Period, today: date) -> date | None:
    if period.days < 0:
        return None
    return today - timedelta(days=period.days) if period.days else today.replace(month=1, day=1)


def _cells(request: HttpRequest, asked: Asked) -> Any:
    cells = Position.objects.of_tenant(tenant_seen(request))
    return cells if asked.cells is None else cells.filter(pk__in=asked.cells)


def _reckoned(request: HttpRequest, asked: Asked) -> Reckoned:
    """Reckon the figures, or take those that were reckoned just now."""
    key = f"analytics:{version_of(tenant_seen(request).pk, asked.start, asked.end, asked.cells)}"
    kept: Reckoned | None = cache.get(key)
    if kept is not None and (_is_fresh(kept) or _reckoning.locked()):
        return kept
    with _reckoning:  # whoever has nothing to show meanwhile waits for what is being reckoned
        kept = cache.get(key)
        if kept is None or not _is_fresh(kept):
            kept, _ = _reckoned_anew(request, asked, key)
    return kept


def _is_fresh(kept: Reckoned) -> bool:
    return timezone.now() - kept.at < FRESH_FOR


def _reckoned_anew(request: HttpRequest, asked: Asked, key: str) -> tuple[Reckoned, Sequence[Line]]:
    report, at = report_of(_cells(request, asked), start=asked.start, end=asked.end), timezone.now()
    kept = Reckoned(
        key=key,
        total=report.total,
        curve=report.curve,
        is_enough=report.is_enough,
        unpriced=[str(cell) for cell in report.left_out],
        count=len(report.lines),
        at=at,
    )
    cache.set_many({key: kept, f"{key}:lines": (at, report.lines)}, KEPT_S)
    return kept, report.lines


def _figures(request: HttpRequest, asked: Asked) -> Mapping[str, Any]:
    kept = _reckoned(request, asked)
    lines = Paginator(range(kept.count), ROWS).get_page(request.GET.get("page"))
    rows = _kept_rows(kept, lines.number)
    if rows is None:
        kept, rows = _rows(request, asked, kept, lines.number)
    points = kept.curve.points
    known = [value for point in points for value in (point.value, point.hold_value) if value is not None]
    every = max(len(points) // NUMBERS_SHOWN, 1)
    return {
        "asked": asked,
        "report": kept,
        "total": kept.total,
        "reckoned_at": kept.at,
        "drawing": curves([[one.value for one in points], [one.hold_value for one in points]]),
        "highest": max(known, default=None),
        "lowest": min(known, default=None),
        "first": points[0] if points else None,
        "last": points[-1] if points else None,
        "numbers": points[::-1][::every],
        "lines": lines,
        "rows": rows,
        "unpriced": kept.unpriced,
    }


def _kept_rows(kept: Reckoned, number: int) -> SafeString | None:
    """Return the rows of a page of cells as HTML, if they were written since the figures were reckoned."""
    rows: SafeString | None = cache.get(_rows_key(kept, number))
    return rows


def _rows(request: HttpRequest, asked: Asked, kept: Reckoned, number: int) -> tuple[Reckoned, SafeString]:
    """Write the rows of a page of cells, and keep them; reckon anew if the cells' figures were forgotten."""
    with _reckoning:
        kept = cache.get(kept.key) or kept
        at, lines = cache.get(f"{kept.key}:lines") or (None, ())
        if at != kept.at:
            kept, lines = _reckoned_anew(request, asked, kept.key)
    page_of = Paginator(lines, ROWS).get_page(number)
    rows = render_to_string("pages/analytics_rows.html", {"lines": page_of})
    cache.set(_rows_key(kept, number), rows, KEPT_S)
    return kept, rows


def _rows_key(kept: Reckoned, number: int) -> str:
    return f"{kept.key}:{kept.at.timestamp()}:{number}"
