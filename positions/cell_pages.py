"""What all pages about one cell need: the cell, where it is shown, and the time that it is there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from accounts.page_access import tenant_seen, user_stamp
from accounts.transactions import Stamp
from positions.books import free_cash, free_qty
from positions.market_time import on_market
from positions.models import Position


def cell_of(request: HttpRequest, position_id: UUID) -> Position:
    """Return one of the cells of the tenant that is seen; another's is NotFound like a random id."""
    return Position.objects.read(position_id, tenant_id=tenant_seen(request).pk)


def cell_stamp(request: HttpRequest, market_provider: str) -> Stamp:
    """Return who does something to a cell of that market provider, and when: on stored history then."""
    return on_market(user_stamp(request), market_provider)


def address_of(position: Position) -> str:
    """Return where a cell is shown, which is a page of a room above."""
    return reverse("position", args=[position.pk])


def about(position: Position, **more: Any) -> dict[str, Any]:
    """Return what templates of actions show: the cell, what is free of it, and the way back."""
    free = {"free_cash": free_cash(position), "free_qty": free_qty(position)}
    return {"position": position, "back": address_of(position), **free, **more}
