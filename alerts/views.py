"""What a person does with alerts."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.models import Role
from accounts.page_access import page, tenant_seen, user_stamp
from accounts.transactions import unit_of_work
from alerts.services import mark_seen
from volbal.errors import OutOfRange

MOST_AT_ONCE = 100


@page(Role.TRADER)
@require_POST
def alerts_seen(request: HttpRequest) -> HttpResponse:
    """Needs no key: what was seen once is not seen twice."""
    ids = [_read_id(text) for text in request.POST.getlist("alert")[:MOST_AT_ONCE]]
    with unit_of_work():
        count = mark_seen(alert_ids=ids, tenant_id=tenant_seen(request).pk, stamp=user_stamp(request))
    messages.success(request, f"Put away: {count}." if count else "These were put away already.")
    return redirect("alerts" if request.POST.get("back") == "alerts" else "/")


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise OutOfRange("This is no alert.", field="alert") from None
