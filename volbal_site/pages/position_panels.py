"""The parts of a cell's page that are read after its first view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Q

from accounts.prepared import Prepared, Slot
from configs.lint import lint
from configs.resolver import as_public
from configs.runway import Reach, runway
from dividends.models import Dividend, Receivable
from orders.models import Order
from orders.order_words import STATUS_WORDS
from positions.models import CauseKind, JournalEntry, Position
from simulation.performance import inside_pct, performance_of_cell, settled_by
from volbal.errors import InvalidConfig, OutOfRange
from volbal.policy import check_config
from volbal.trading_day import trading_date
from volbal_site.pages.links import link_to
from volbal_site.pages.position_now import Ground, ground_of
from volbal_site.pages.setting_words import groups_of
from volbal_site.svg_curves import curves

ROWS = 8
CAUSES = {
    CauseKind.OPENING: "Opened",
    CauseKind.CASH: "Cash moved",
    CauseKind.ADJUSTMENT: "Correction",
    CauseKind.TRADE: "Trade",
    CauseKind.EX_DIVIDEND: "Ex-dividend",
    CauseKind.DIVIDEND_PAYMENT: "Dividend paid",
    CauseKind.SPLIT: "Split",
}
PINS = {
    "min_stock_pct": "the lower guardrail",
    "max_stock_pct": "the upper guardrail",
    "cash": "the cash running out",
    "shares": "the shares running out",
}


class Panel(NamedTuple):
    """One part: its title, and what reads it."""

    title: str
    read: Callable[[Position], dict[str, Any]]


class OrderLine(NamedTuple):
    """An order, what its status is called, and the tone of its badge."""

    order: Order
    status: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One change of the books: what caused it, and by how much cash, shares and receivables changed."""

    row: JournalEntry

    @property
    def words(self) -> str:
        """What caused it."""
        return CAUSES[CauseKind(self.row.cause_kind)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How far the price can go one way, in words."""

    title: str
    reach: Reach

    @property
    def words(self) -> str:
        """What is at the end of it."""
        if self.reach.pinned_by is not None:
            return f"then it is pinned by {PINS[self.reach.pinned_by]}"
        return "and it is not pinned yet"


# What the tabs of a cell show first.
_POSITION = Slot("position", models.UUIDField())
_ORDERS = Prepared(lambda: Order.objects.filter(position=_POSITION).order_by("-created_at", "id")[:ROWS])
_MOVED = Prepared(
    lambda: (
        JournalEntry.objects.filter(position=_POSITION)
        .filter(~Q(cash_delta=0) | Q(cause_kind=CauseKind.OPENING))
        .order_by("-seq")[:ROWS]
    )
)


def performance(cell: Position) -> dict[str, Any]:
    """Tell how the cell did against just holding; it is followed if it isn't drawn already."""
    return {"mark": settled_by(cell), "told": partial(_performance, cell)}


def _performance(cell: Position) -> dict[str, Any]:
    told = performance_of_cell(cell)
    points = told.curve.points
    return {
        "figures": told.total,
        "days": told.days_evaluated,
        "inside_pct": inside_pct(told.days_inside, told.days_evaluated),
        "first": points[0] if points else None,
        "last": points[-1] if points else None,
        "drawing": curves([[point.value for point in points], [point.hold_value for point in points]]),
    }


def orders(cell: Position) -> dict[str, Any]:
    """Read the newest orders."""
    found = _ORDERS.rows(position=cell.pk)
    return {"rows": [OrderLine(order, *STATUS_WORDS[order.status]) for order in found]}


def dividends(cell: Position) -> dict[str, Any]:
    """Read the newest receivables, and what is announced for later; of replayed history nothing is."""
    ground = ground_of(cell)
    found = Receivable.objects.filter(position=cell).select_related("dividend").order_by("-ex_date")
    return {"rows": list(found[:ROWS]), "coming": [] if ground.is_replayed else _coming(ground)}


def _coming(ground: Ground) -> list[Dividend]:
    cell, today = ground.position, trading_date(ground.at)
    later = Dividend.objects.seen_by(cell.tenant_id).filter(ticker=cell.ticker, ex_date__gt=today)
    by_day = {dividend.ex_date: dividend for dividend in later[:ROWS]}
    return [by_day[day] for day in sorted(by_day)]


def cash(cell: Position) -> dict[str, Any]:
    """Read the newest movements of the books in which cash was moved."""
    return {"rows": [Movement(row=row) for row in _MOVED.rows(position=cell.pk)]}


def rules(cell: Position) -> dict[str, Any]:
    """Read the settings in force with where they come from, what warns about them, and the runway."""
    ground = ground_of(cell)
    effective = ground.effective
    told = {
        "groups": list(groups_of(_values(ground), effective.scopes)),
        "settings_page": link_to("position_settings", cell.pk),
        "problem": "",
        "warnings": [],
        "ways": [],
    }
    rules_in_force = (effective.trigger, effective.guardrail, effective.order_policy)
    try:
        check_config(*rules_in_force)
        far = runway(cell.state(), *rules_in_force)
        return {
            **told,
            "warnings": lint(cell.state(), effective, ground.price),
            "ways": [
                Way(title="Falling, it buys down to", reach=far.down),
                Way(title="Rising, it sells up to", reach=far.up),
            ],
        }
    except (InvalidConfig, OutOfRange) as error:
        return {**told, "problem": error.detail}


def _values(ground: Ground) -> dict[str, dict[str, Any]]:
    public = as_public(ground.effective)
    return {
        group: {name: _typed(one["value"]) for name, one in fields.items()}
        for group, fields in public.items()
    }


def _typed(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


PANELS = {
    "performance": Panel("Against just holding", performance),
    "orders": Panel("Orders", orders),
    "dividends": Panel("Dividends", dividends),
    "cash": Panel("Cash", cash),
    "rules": Panel("Rules in force", rules),
}
