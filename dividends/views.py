"""The page of dividends and splits: what is to come, what is owed, what was paid."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.page_access import page, tenant_seen
from dividends.agenda import coming, month_of, owed, paid
from dividends.models import Receivable
from dividends.services import is_replayed
from market.calendar import FIRST_DAY
from positions.cell_filters import CellSpanForm, ids_of
from positions.market_day import market_day
from volbal.trading_day import trading_date

LAST_YEAR = 2100


@page()
@require_safe
def dividends(request: HttpRequest) -> HttpResponse:
    tenant, now = tenant_seen(request), timezone.now()
    today = market_day(tenant, now)
    month = _month(request.GET.get("month", ""), today)
    form = CellSpanForm(request.GET, tenant=tenant)
    cursor = request.GET.get("after", "")
    found = paid(tenant, _narrowed(form), cursor)
    debts = owed(tenant)
    context = {
        "month": month,
        "before": _begin(month - timedelta(days=1)),
        "next_month": _begin(month + timedelta(days=31)),
        "days": month_of(tenant, month, today),
        "coming": coming(tenant, today),
        "owed": debts,
        "debts": [(one, _can_be_paid(one, trading_date(now))) for one in debts.receivables],
        "paid": found.items,
        "next": found.next,
        "is_top": not cursor,
        "form": form,
        "kept": {"month": f"{month:%Y-%m}"} if request.GET.get("month") else {},
    }
    return render(request, "dividends/dividends.html", context)


def _narrowed(form: CellSpanForm) -> Q:
    said = form.wanted()
    kept: dict[str, Any] = {
        "position__in": ids_of(said.get("cell")),
        "ex_date__gte": said.get("from"),
        "ex_date__lte": said.get("to"),
    }
    return Q(**{name: value for name, value in kept.items() if value is not None})


def _can_be_paid(one: Receivable, today: date) -> bool:
    """Whether its pay date has come for one that follows our own days."""
    return one.dividend.pay_date <= today and not is_replayed(one.position)


def _month(text: str, today: date) -> date:
    """Return the first day of the month that was asked for, else of today's."""
    try:
        asked = date.fromisoformat(f"{text}-01") if text else today
    except ValueError:
        return _begin(today)
    return _begin(asked if FIRST_DAY.year < asked.year < LAST_YEAR else today)


def _begin(day: date) -> date:
    return day.replace(day=1)
