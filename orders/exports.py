"""Executions as a table for a file. Columns: docs/exports.md."""

from __future__ import annotations

from accounts.export_table import ExportFilter, ExportTable, export_table
from orders.models import Trade

TRADE_COLUMNS = {
    "executed_at (UTC)": "executed_at",
    "ticker": "position__ticker",
    "side": "side",
    "qty": "qty",
    "price (USD)": "price",
    "notional (USD)": "notional",
    "commission (USD)": "commission",
    "broker": "broker",
    "execution_id": "execution_id",
    "booked_at (UTC)": "booked_at",
    "position_id": "position_id",
    "order_id": "order_id",
    "id": "id",
}


def trades_table(wanted: ExportFilter) -> ExportTable:
    """Return the tenant's executions, oldest first; dates are those of the execution."""
    rows = Trade.objects.filter(
        wanted.of_position("position_id"), wanted.at_time("executed_at"), tenant=wanted.tenant
    )
    return export_table("trades", TRADE_COLUMNS, rows.order_by("executed_at", "booked_at", "id"))
