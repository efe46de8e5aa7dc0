"""Dividends of the cells as a table for a file. Columns: docs/exports.md."""

from __future__ import annotations

from accounts.export_table import ExportFilter, ExportTable, export_table
from dividends.models import Receivable

DIVIDEND_COLUMNS = {
    "ex_date (New York)": "ex_date",
    "pay_date (New York)": "dividend__pay_date",
    "ticker": "position__ticker",
    "shares": "shares",
    "dps (USD)": "dividend__dps",
    "gross (USD)": "gross",
    "tax (USD)": "tax",
    "net (USD)": "amount",
    "status": "status",
    "paid_at (UTC)": "paid_at",
    "position_id": "position_id",
    "dividend_id": "dividend_id",
    "id": "id",
}


def dividends_table(wanted: ExportFilter) -> ExportTable:
    """Return what each of the tenant's cells got from each dividend, by ex-date."""
    rows = Receivable.objects.filter(
        wanted.of_position("position_id"), wanted.on_date("ex_date"), position__tenant=wanted.tenant
    )
    return export_table("dividends", DIVIDEND_COLUMNS, rows.order_by("ex_date", "position__number"))
