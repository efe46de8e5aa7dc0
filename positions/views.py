"""Pages that do something to a cell apart from trading: deposit, withdraw, correct, pause, resume, close."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse

from accounts.models import Role
from accounts.page_access import page, password_asked
from accounts.page_forms import ActionForm, MoneyField, SharesField
from accounts.page_once import Done, form_page
from accounts.page_words import dollars, shares
from positions import services
from positions.cell_pages import about, address_of, cell_of, cell_stamp
from positions.event_types import EventType
from positions.history import history_of
from positions.models import Event, Position, PositionStatus
from positions.services import LONGEST_REASON
from volbal.numbers import ZERO

CANCEL_FIRST = "Cancel the open order first, or take less."


class DepositForm(ActionForm):
    """How much cash comes in."""

    amount = MoneyField(label="Amount to deposit")


class WithdrawForm(ActionForm):
    """How much cash goes out."""

    ways_out = {"insufficient-cash": "Withdraw less, or cancel the open order that holds the rest."}
    amount = MoneyField(label="Amount to withdraw")


class AdjustForm(ActionForm):
    """What the books are corrected by, and why."""

    ways_out = {"insufficient-cash": CANCEL_FIRST, "insufficient-shares": CANCEL_FIRST}
    cash = MoneyField(
        label="Cash", signed=True, required=False, help_text="In; with a minus in front, out. Like -12.50."
    )
    qty = SharesField(
        label="Shares", signed=True, required=False, help_text="In; with a minus in front, out. Like -0.5."
    )
    reason = forms.CharField(
        label="Why?", max_length=LONGEST_REASON, help_text="Kept in the history, with your name."
    )


@page(Role.TRADER)
def deposit(request: HttpRequest, position_id: UUID) -> HttpResponse:
    return _cash_page(request, position_id, DepositForm, sign=1)


@page(Role.TRADER)
def withdraw(request: HttpRequest, position_id: UUID) -> HttpResponse:
    return _cash_page(request, position_id, WithdrawForm, sign=-1)


def _cash_page(
    request: HttpRequest, position_id: UUID, form_class: type[ActionForm], *, sign: int
) -> HttpResponse:
    position = cell_of(request, position_id)
    stamp = cell_stamp(request, position.market_provider)

    def act(said: dict[str, Any]) -> Done:
        moved = services.move_cash(position_id=position_id, amount=sign * said["amount"], stamp=stamp)
        done = "Deposited" if sign > 0 else "Withdrew"
        return _done(moved, f"{done} {dollars(said['amount'])}. The cash is now {dollars(moved.cash)}.")

    context = about(position, is_deposit=sign > 0)
    return form_page(
        request,
        "positions/cash.html",
        form_class,
        act,
        context,
        look=lambda said: _after(position, sign, said),
    )


def _after(position: Position, sign: int, said: dict[str, Any]) -> dict[str, Any]:
    return {"cash_after": position.cash + sign * said["amount"]}


@page(Role.OWNER)
def adjust(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Correct the books: for what happened elsewhere, or was typed wrongly here."""
    position = cell_of(request, position_id)
    stamp = cell_stamp(request, position.market_provider)

    def act(said: dict[str, Any]) -> Done:
        amounts: dict[str, Decimal] = {name: said[name] for name in ("cash", "qty") if said[name] is not None}
        cell = services.adjust_books(position_id=position_id, reason=said["reason"], stamp=stamp, **amounts)
        return _done(cell, f"The books now have {shares(cell.qty)} and {dollars(cell.cash)} of cash.")

    def look(said: dict[str, Any]) -> dict[str, Any]:
        cash, qty = said["cash"] or ZERO, said["qty"] or ZERO
        return {"cash_after": position.cash + cash, "qty_after": position.qty + qty}

    return form_page(request, "positions/adjust.html", AdjustForm, act, about(position), look=look)


@page(Role.TRADER)
def pause_position(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Asks for no password: stopping must never wait for one."""
    return _status_page(request, position_id, "positions/pause.html", PositionStatus.PAUSED, "is paused")


@page(Role.TRADER)
def resume_position(request: HttpRequest, position_id: UUID) -> HttpResponse:
    return _status_page(request, position_id, "positions/resume.html", PositionStatus.ACTIVE, "trades again")


@page(Role.OWNER)
def close_position(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Asks for the password again: a closed cell is never opened again."""
    cell_of(request, position_id)
    asked = password_asked(request)
    return asked or _status_page(
        request, position_id, "positions/close.html", PositionStatus.CLOSED, "is closed"
    )


class StatusForm(ActionForm):
    """Nothing to fill in: the button says it."""

    ways_out = {"order-open": "See it among the cell's orders."}


def _status_page(
    request: HttpRequest, position_id: UUID, template: str, status: PositionStatus, what: str
) -> HttpResponse:
    position = cell_of(request, position_id)
    stamp = cell_stamp(request, position.market_provider)

    def act(said: dict[str, Any]) -> Done:
        cell = services.change_position(position_id=position_id, changes={"status": status}, stamp=stamp)
        return _done(cell, f"{cell.ticker} {what}.")

    context = about(position, last_pause=_last_pause(position))
    return form_page(request, template, StatusForm, act, context)


def _last_pause(position: Position) -> Event | None:
    pauses = history_of(position, EventType.TRADING_PAUSED)
    return pauses.order_by("-seq").first()


def _done(position: Position, message: str) -> Done:
    return Done(message=message, location=address_of(position), event="position-changed")
