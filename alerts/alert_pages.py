"""The page of alerts: what waits for somebody, what was, and what each kind means."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import Tenant
from accounts.page_access import page, tenant_seen
from accounts.page_lists import FilterForm, Order, Slice, first_slice, merged, newest_first, slice_below
from accounts.prepared import Prepared, Slot
from alerts.alert_words import ALERT_WORDS
from alerts.models import Alert, AlertKind

NEWEST_FIRST: Order = {"created_at": datetime.fromisoformat, "pk": UUID}
WAITING = "waiting"


class AlertsForm(FilterForm):
    """Narrows alerts to a kind, and to those that wait for somebody."""

    kind = forms.ChoiceField(label="What", choices=[("", "Everything"), *AlertKind.choices])
    state = forms.ChoiceField(label="Which", choices=[("", "All"), (WAITING, "Those that wait for somebody")])

    def narrowed(self) -> Q:
        """Return what is wanted of the columns of alerts."""
        said = self.wanted()
        return Q(kind=said["kind"]) if "kind" in said else Q()


@page()
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    form = AlertsForm(request.GET)
    cursor = request.GET.get("after", "")
    found = _found(tenant_seen(request), form, cursor)
    context: dict[str, Any] = {
        "form": form,
        "rows": [(alert, ALERT_WORDS[alert.kind], _is_waiting(alert)) for alert in found.items],
        "to_see": [alert for alert in found.items if _is_waiting(alert) and alert.tenant_id],
        "drawn_by": [(a.pk, a.message, a.seen_at, a.seen_by, a.cleared_at) for a in found.items],
        "next": found.next,
        "is_top": not cursor,
        "kinds": [(AlertKind(kind).label, words) for kind, words in ALERT_WORDS.items()],
    }
    return render(request, "alerts/alerts.html", context)


def _found(tenant: Tenant, form: AlertsForm, cursor: str) -> Slice[Alert]:
    """Return the tenant's alerts among those about everyone; each kind of the two has its own index."""
    if not form.is_narrowed and not cursor:
        lists = [_OWN.rows(tenant=tenant.pk), _EVERYONES.rows()]
        return merged([first_slice(found, NEWEST_FIRST) for found in lists], NEWEST_FIRST)
    rows = Alert.objects.filter(form.narrowed())
    if form.wanted().get("state") == WAITING:
        rows = rows.waiting()
    both = [slice_below(rows.filter(tenant=whose), NEWEST_FIRST, cursor) for whose in (tenant, None)]
    return merged(both, NEWEST_FIRST)


def _is_waiting(alert: Alert) -> bool:
    return alert.seen_at is None and alert.cleared_at is None and alert.kind != AlertKind.FILL


# What the list opens with.
_OWN = Prepared(
    lambda: newest_first(Alert.objects.filter(tenant=Slot("tenant", models.UUIDField())), NEWEST_FIRST)
)
_EVERYONES = Prepared(lambda: newest_first(Alert.objects.filter(tenant=None), NEWEST_FIRST))
