"""The page of one cell, and the parts of it that come by themselves."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import trigger_client_event

from accounts.models import Role
from accounts.page_access import has_role, page, tenant_seen
from accounts.page_lists import ROWS
from accounts.polls import unchanged_since
from positions.models import Position, PositionStatus
from volbal_site.pages.chart import RANGES, USUAL
from volbal_site.pages.charted import charted
from volbal_site.pages.links import link_to
from volbal_site.pages.position_now import ground_of, newest_of, sight_of
from volbal_site.pages.position_panels import PANELS
from volbal_site.pages.timeline import timeline_of
from volbal_site.pages.what_if import what_if_of

# What can be done to a cell: the page's name, what its button says, and who sees it. `close` comes last.
ACTIONS = (
    ("order_ticket", "Order", Role.TRADER),
    ("evaluate_now", "Evaluate now", Role.TRADER),
    ("deposit", "Deposit", Role.TRADER),
    ("withdraw", "Withdraw", Role.TRADER),
    ("set_anchor", "Set anchor", Role.TRADER),
    ("position_settings", "Settings", Role.TRADER),
    ("simulate_position", "How would this have done?", Role.VIEWER),
    ("adjust", "Correct the books", Role.OWNER),
)
PAUSE = ("pause_position", "Pause", Role.TRADER)
RESUME = ("resume_position", "Resume", Role.TRADER)
CLOSE = ("close_position", "Close", Role.OWNER)


@page()
def position(request: HttpRequest, position_id: UUID) -> HttpResponse:
    cell = cell_of(request, position_id)
    sight = sight_of(cell)
    context = {
        "sight": sight,
        "cell": cell,
        "newest": sight.newest,
        "entries": partial(timeline_of, cell),
        "buttons": partial(_buttons, request, cell),
        "ranges": RANGES,
        "chosen": USUAL,
        "what_if": partial(what_if_of, request, sight.ground),
    }
    return render(request, "pages/position.html", context)


@page(poll=True)
def position_now(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Answer with the first view if anything in it is new, and tell the other parts so."""
    sight = sight_of(cell_of(request, position_id))
    unchanged = unchanged_since(request, sight.version)
    if unchanged is not None:
        return unchanged
    answer = render(request, "pages/position_now.html", {"sight": sight, "cell": sight.position})
    return trigger_client_event(answer, "position-changed")


@page(poll=True)
def position_timeline(request: HttpRequest, position_id: UUID) -> HttpResponse:
    cell = cell_of(request, position_id)
    context = {"cell": cell, "newest": newest_of(cell), "entries": partial(timeline_of, cell)}
    return _panel(request, cell, "pages/position_timeline.html", "What was decided", context)


@page(poll=True)
def position_panel(request: HttpRequest, position_id: UUID, panel: str) -> HttpResponse:
    """Answer with one of the parts that are dear to read: by itself, or as a page."""
    cell = cell_of(request, position_id)
    chosen = PANELS[panel]
    return _panel(request, cell, f"pages/position_{panel}.html", chosen.title, chosen.read(cell))


@page(poll=True)
def position_chart(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Answer with what the script draws."""
    found = charted(ground_of(cell_of(request, position_id)), _range(request))
    return HttpResponse(found.as_text(), content_type="application/json")


@page()
def position_prices(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """The chart as a table."""
    cell, chosen = cell_of(request, position_id), _range(request)
    found = charted(ground_of(cell), chosen)
    context = {
        "cell": cell,
        "found": found,
        "rows": lambda: Paginator(found.chart.rows(), ROWS).get_page(request.GET.get("page")),
        "ranges": RANGES,
        "chosen": chosen,
    }
    return render(request, "pages/position_prices.html", context)


@page()
def what_if(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Decide on any price and save nothing: the part by itself, or as a page."""
    cell = cell_of(request, position_id)
    context = {"cell": cell, "what_if": what_if_of(request, ground_of(cell))}
    if request.headers.get("HX-Request"):
        return render(request, "pages/what_if_answer.html", context)
    return render(request, "pages/what_if.html", context)


def cell_of(request: HttpRequest, position_id: UUID) -> Position:
    """Return one of the tenant's cells. Raises NotFound."""
    return Position.objects.read(position_id, tenant_id=tenant_seen(request).pk)


def _panel(
    request: HttpRequest, cell: Position, template: str, title: str, context: dict[str, Any]
) -> HttpResponse:
    told = {**context, "cell": cell, "title": title, "panel": template}
    is_part = bool(request.headers.get("HX-Request"))
    return render(request, template if is_part else "pages/position_panel.html", told)


def _range(request: HttpRequest) -> str:
    chosen = request.GET.get("range", USUAL)
    return chosen if chosen in RANGES else USUAL


def _buttons(request: HttpRequest, cell: Position) -> list[tuple[str, str]]:
    """Return (address, label) of what the user may do to the cell; nothing can be done to a closed one."""
    if cell.status == PositionStatus.CLOSED:
        return []
    turn = RESUME if cell.status == PositionStatus.PAUSED else PAUSE
    found = [
        (link_to(name, cell.pk), label)
        for name, label, role in (*ACTIONS, turn, CLOSE)
        if has_role(request, role)
    ]
    return [(address, label) for address, label in found if address]
