"""Cells, their history and their journal as tables for a file. Columns: docs/exports.md."""

from __future__ import annotations

from django.db.models import Q

from accounts.export_table import ExportFilter, ExportTable, export_table
from positions.models import Event, JournalEntry, Position

NO_MORE = Q()
POSITION_COLUMNS = {
    "number": "number",
    "ticker": "ticker",
    "status": "status",
    "qty": "qty",
    "cash (USD)": "cash",
    "dividend_receivable (USD)": "dividend_receivable",
    "anchor_price (USD)": "anchor_price",
    "reserved_cash (USD)": "reserved_cash",
    "reserved_qty": "reserved_qty",
    "withholding_tax_rate": "withholding_tax_rate",
    "broker": "broker",
    "market_provider": "market_provider",
    "opened_date (New York)": "opened_date",
    "created_at (UTC)": "created_at",
    "updated_at (UTC)": "updated_at",
    "id": "id",
}
EVENT_COLUMNS = {
    "ts (UTC)": "ts",
    "ticker": "position__ticker",
    "type": "type",
    "message": "message",
    "actor": "actor",
    "request_id": "request_id",
    "seq": "seq",
    "position_id": "position_id",
    "id": "id",
}
JOURNAL_COLUMNS = {
    "at (UTC)": "at",
    "ticker": "position__ticker",
    "seq": "seq",
    "cause_kind": "cause_kind",
    "cash_delta (USD)": "cash_delta",
    "qty_delta": "qty_delta",
    "receivable_delta (USD)": "receivable_delta",
    "cash_after (USD)": "cash_after",
    "qty_after": "qty_after",
    "receivable_after (USD)": "receivable_after",
    "cause_id": "cause_id",
    "position_id": "position_id",
    "id": "id",
}


def positions_table(wanted: ExportFilter) -> ExportTable:
    """Return the tenant's cells, by number; dates are those of their opening."""
    rows = Position.objects.of_tenant(wanted.tenant)
    rows = rows.filter(wanted.of_position("pk"), wanted.on_date("opened_date"))
    return export_table("positions", POSITION_COLUMNS, rows.order_by("number"))


def events_table(wanted: ExportFilter, besides: Q = NO_MORE) -> ExportTable:
    """Return what happened to the tenant and its cells, oldest first; without inputs and outputs.

    `besides` is what else of the events' columns is wanted.
    """
    of_cells = wanted.of_position("position_id")
    rows = Event.objects.filter(of_cells, wanted.at_time("ts"), besides, tenant=wanted.tenant)
    return export_table("events", EVENT_COLUMNS, rows.order_by("ts", "chain", "seq"))


def journal_table(wanted: ExportFilter) -> ExportTable:
    """Return every change of the tenant's balances, cell by cell, oldest first."""
    rows = JournalEntry.objects.filter(
        wanted.of_position("position_id"), wanted.at_time("at"), position__tenant=wanted.tenant
    )
    return export_table("journal", JOURNAL_COLUMNS, rows.order_by("position__number", "seq"))
