"""The shapes of performance in the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts.api_types import DecimalOut, OutSchema
from simulation.performance import CellPerformance, Curve, Performance, inside_pct
from volbal.performance import Figures


class AttributionOut(OutSchema):
    """What trading added to holding: from_trading - commissions + dividends is value_minus_hold."""

    trading: DecimalOut | None
    commissions: DecimalOut
    dividends: DecimalOut


class DividendsOut(OutSchema):
    """Dividends since the opening, in dollars; `pending` is the part of net that isn't paid yet."""

    gross: DecimalOut
    tax: DecimalOut
    net: DecimalOut
    pending: DecimalOut


class FiguresOut(OutSchema):
    """Since the opening until now, in dollars. Null where it takes a price that nobody knows."""

    value: DecimalOut | None
    hold_value: DecimalOut | None
    value_minus_hold: DecimalOut | None
    attribution: AttributionOut
    contributed: DecimalOut | None
    gain: DecimalOut | None
    cost: DecimalOut | None
    realised_gain: DecimalOut | None
    unrealised_gain: DecimalOut | None
    fees: DecimalOut
    dividends: DividendsOut
    traded_notional: DecimalOut
    trade_count: int
    days_evaluated: int
    inside_guardrails_pct: DecimalOut | None


class PriceOut(OutSchema):
    """The last price known, when it was seen, and where: a trade, a bar, or the source of a quote."""

    price: DecimalOut
    as_of: datetime
    source: str


class CellFiguresOut(FiguresOut):
    """One cell's figures, and the price that they are at."""

    position_id: UUID
    ticker: str
    status: str
    opened_date: date
    price: PriceOut | None


class PointOut(OutSchema):
    """Values at the end of a New York date; null where it takes a price that nobody knows."""

    date: date
    value: DecimalOut | None
    hold_value: DecimalOut | None


class CurveOut(OutSchema):
    """At most 500 of the `days` on which something was recorded, oldest first."""

    days: int
    points: list[PointOut]


class CellPerformanceOut(CellFiguresOut):
    """One cell's figures and its values in time."""

    value_curve: CurveOut


class CellFiguresPage(OutSchema):
    """One page of cells by number."""

    items: list[CellFiguresOut]
    count: int


class PerformanceOut(FiguresOut):
    """All cells together, their values in time, and a page of them one by one."""

    unpriced: list[UUID]
    value_curve: CurveOut
    positions: CellFiguresPage


def cell_out(cell: CellPerformance) -> dict[str, Any]:
    """Return one cell's figures in the shape of CellFiguresOut."""
    position, mark = cell.position, cell.price
    return {
        **_figures(cell.figures, cell),
        "position_id": position.pk,
        "ticker": position.ticker,
        "status": position.status,
        "opened_date": position.opened_date,
        "price": None if mark is None else {"price": mark.price, "as_of": mark.at, "source": mark.source},
    }


def cell_performance_out(performance: Performance) -> dict[str, Any]:
    """Return the performance of a single cell in the shape of CellPerformanceOut."""
    return {**cell_out(performance.cells[0]), "value_curve": _curve(performance.curve)}


def performance_out(performance: Performance, limit: int, offset: int) -> dict[str, Any]:
    """Return the performance of all cells in the shape of PerformanceOut."""
    cells = performance.cells
    return {
        **_figures(performance.total, performance),
        "unpriced": [cell.position.pk for cell in cells if cell.figures.value is None],
        "value_curve": _curve(performance.curve),
        "positions": {
            "items": [cell_out(cell) for cell in cells[offset : offset + limit]],
            "count": len(cells),
        },
    }


def _figures(figures: Figures, of: CellPerformance | Performance) -> dict[str, Any]:
    return {
        "value": figures.value,
        "hold_value": figures.hold_value,
        "value_minus_hold": figures.value_minus_hold,
        "attribution": {
            "trading": figures.from_trading,
            "commissions": figures.fees,
            "dividends": figures.from_dividends,
        },
        "contributed": figures.contributed,
        "gain": figures.gain,
        "cost": figures.cost,
        "realised_gain": figures.realised_gain,
        "unrealised_gain": figures.unrealised_gain,
        "fees": figures.fees,
        "dividends": {
            "gross": figures.dividends_gross,
            "tax": figures.dividends_tax,
            "net": figures.dividends_net,
            "pending": of.pending,
        },
        "traded_notional": figures.traded_notional,
        "trade_count": figures.trade_count,
        "days_evaluated": of.days_evaluated,
        "inside_guardrails_pct": inside_pct(of.days_inside, of.days_evaluated),
    }


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "days": curve.days,
        "points": [
            {"date": point.date, "value": point.value, "hold_value": point.hold_value}
            for point in curve.points
        ],
    }
