"""What an owner does about dividends and splits: announce them, and have one paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from accounts.page_access import page, tenant_seen, user_stamp
from accounts.page_forms import ActionForm, PctField, PriceField
from accounts.page_lists import DayField
from accounts.page_once import Done, form_page
from accounts.transactions import read_one
from dividends.agenda import tickers_of
from dividends.announcements import announce_dividend, announce_split
from dividends.models import Dividend, Receivable
from dividends.services import pay_dividend
from volbal.numbers import ZERO
from volbal.trading_day import trading_date

HUNDRED = Decimal(100)
DEFAULT_RATE = "25 % unless the cell or this says otherwise."


class TickerField(forms.CharField):
    """A ticker, raised to capitals."""

    def __init__(self, **options: Any) -> None:
        attrs = {"autocapitalize": "characters", "autocomplete": "off", "list": "tickers"}
        super().__init__(**{"max_length": 12, "widget": forms.TextInput(attrs=attrs), **options})

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).upper()


class DividendForm(ActionForm):
    """What is announced of a dividend."""

    ticker = TickerField(label="Ticker")
    dps = PriceField(label="Dividend per share")
    ex_date = DayField(label="Ex-date", help_text="Who holds the share before this day gets the dividend.")
    pay_date = DayField(label="Pay date")
    withholding_pct = PctField(label="Withholding tax", required=False, help_text=DEFAULT_RATE)

    def clean_withholding_pct(self) -> Decimal | None:
        pct = self.cleaned_data["withholding_pct"]
        if pct is not None and not ZERO <= pct <= HUNDRED:
            raise forms.ValidationError("From 0 to 100 %.")
        return None if pct is None else pct


class SplitForm(ActionForm):
    """What is announced of a split."""

    ticker = TickerField(label="Ticker")
    date = DayField(label="Date", help_text="It takes effect before the market opens on this day.")
    new_shares = forms.IntegerField(label="New shares", min_value=1)
    old_shares = forms.IntegerField(label="For so many old shares", min_value=1, initial=1)


class PayForm(ActionForm):
    """Nothing but the wish."""


@page(Role.OWNER)
def announce_dividend_page(request: HttpRequest) -> HttpResponse:
    def act(said: dict[str, Any]) -> Done:
        pct = said["withholding_pct"]
        dividend = announce_dividend(
            tenant_id=tenant_seen(request).pk,
            ticker=said["ticker"],
            ex_date=said["ex_date"],
            pay_date=said["pay_date"],
            dps=said["dps"],
            withholding_tax_rate=None if pct is None else pct / HUNDRED,
            stamp=user_stamp(request),
        )
        return Done(message=f"Announced: {dividend}.", location=_back_to(dividend.ex_date))

    return form_page(
        request,
        "dividends/announce_dividend.html",
        DividendForm,
        act,
        _context(request),
        initial=_asked(request),
    )


@page(Role.OWNER)
def announce_split_page(request: HttpRequest) -> HttpResponse:
    def act(said: dict[str, Any]) -> Done:
        split = announce_split(
            tenant_id=tenant_seen(request).pk,
            ticker=said["ticker"],
            date=said["date"],
            new_shares=said["new_shares"],
            old_shares=said["old_shares"],
            stamp=user_stamp(request),
        )
        return Done(message=f"Announced: {split}.", location=_back_to(split.date))

    return form_page(
        request, "dividends/announce_split.html", SplitForm, act, _context(request), initial=_asked(request)
    )


@page(Role.OWNER)
def pay_dividend_page(request: HttpRequest, dividend_id: UUID) -> HttpResponse:
    tenant = tenant_seen(request)
    dividend = read_one(Dividend.objects.seen_by(tenant.pk).filter(pk=dividend_id), "dividend")
    pending = Receivable.objects.pending().filter(dividend=dividend, position__tenant=tenant)

    def act(_: dict[str, Any]) -> Done:
        paid = pay_dividend(tenant_id=tenant.pk, dividend_id=dividend_id, stamp=user_stamp(request))
        told = f"Paid to cells: {len(paid)}." if paid else "Nothing was owed any more."
        return Done(message=told, location=reverse("dividends"))

    amounts = list(pending.values_list("amount", flat=True))
    context = {
        "dividend": dividend,
        "cells": len(amounts),
        "total": sum(amounts, ZERO),
        "is_due": dividend.pay_date <= trading_date(timezone.now()),
    }
    return form_page(request, "dividends/pay.html", PayForm, act, context)


def _context(request: HttpRequest) -> dict[str, Any]:
    return {"tickers": sorted(tickers_of(tenant_seen(request)))}


def _asked(request: HttpRequest) -> dict[str, str]:
    return {"ticker": request.GET.get("ticker", "")[:12]}


def _back_to(day: Any) -> str:
    return f"{reverse('dividends')}?month={day:%Y-%m}"
