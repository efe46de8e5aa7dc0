"""Narrowing lists to cells, as people name them: IBM, #3, or the id in an address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django import forms
from django.db import models
from django.utils.html import escape
from django.utils.safestring import SafeString

from accounts.errors import NotFound
from accounts.models import Tenant
from accounts.page_lists import SpanForm
from accounts.prepared import Prepared, Slot
from positions.models import Position

NUMBERED = re.compile(r"(?:[A-Za-z0-9.\-]{1,12} ?)?#([0-9]{1,9})\Z", re.ASCII)
MOST_OFFERED = 100
_OFFERED = Prepared(
    lambda: (
        Position.objects.filter(tenant=Slot("tenant", models.UUIDField()))
        .order_by("status", "number")
        .values_list("ticker", "number")[:MOST_OFFERED]
    )
)


class CellSpanForm(SpanForm):
    """Narrows a list to some cells of a tenant, and to dates."""

    cell = forms.CharField(label="Cell", max_length=40, widget=forms.TextInput(attrs={"list": "cells"}))

    def __init__(self, said: Any, *, tenant: Tenant) -> None:
        super().__init__(said)
        self.tenant = tenant
        self.fields["cell"].widget.attrs["placeholder"] = "IBM or #3"

    def clean_cell(self) -> list[Position] | None:
        text = self.cleaned_data["cell"]
        if not text:
            return None
        found = cells_named(self.tenant, text)
        if not found:
            raise forms.ValidationError("There is no such cell.")
        return found

    @property
    def offered(self) -> SafeString:
        """Return the options of the cells that the field proposes, those still in use first."""
        return _options(tuple(_OFFERED.rows(tenant=self.tenant.pk)))


@lru_cache(maxsize=128)
def _options(named: tuple[tuple[str, int], ...]) -> SafeString:
    return SafeString(
        "".join(f'<option value="{escape(ticker)} #{number}"></option>' for ticker, number in named)
    )


def cells_named(tenant: Tenant, text: str) -> list[Position]:
    """Return a tenant's cells of that ticker, number or id; none if there is no such cell."""
    cells = Position.objects.of_tenant(tenant).order_by("number")
    numbered = NUMBERED.match(text)
    if numbered:
        return list(cells.filter(number=int(numbered[1])))
    try:
        return [Position.objects.read(UUID(text), tenant_id=tenant.pk)]
    except NotFound:
        return []
    except ValueError:
        return list(cells.filter(ticker=text.upper()))


def ids_of(cells: Sequence[Position] | None) -> list[UUID] | None:
    """Return the ids of the cells, or None for all there are."""
    return None if cells is None else [cell.pk for cell in cells]
