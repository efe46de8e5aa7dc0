"""`/v1/exports`: the tenant's own rows, whole and exact, as CSV and as XLSX."""

from __future__ import annotations

import csv
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts.models import Tenant
from accounts.transactions import unit_of_work
from dividends.tests.builders import PAY_DATE, make_dividend, morning
from orders.models import Trade
from orders.tests.builders import run_at
from positions.event_types import EventType
from positions.events import record_event
from positions.models import Event, Position
from positions.tests.builders import make_position, make_stamp, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db

NAMES = ["positions", "trades", "events", "journal", "dividends"]
# Late on the 8th in New York is the 9th in Greenwich.
LATE = datetime(2024, 1, 9, 4, 30, tzinfo=UTC)


@pytest.fixture
def ann() -> Tenant:
    return make_tenant("ann")


@pytest.fixture
def api(ann: Tenant) -> Api:
    return Api(make_key(ann, "read"))


def make_story(tenant: Tenant, ticker: str = "IBM") -> Position:
    """A cell that sold at 104, took a dividend of 0.82 and was paid it."""
    make_dividend(ticker=ticker)
    position = make_position(tenant=tenant, ticker=ticker)
    run_at(position, 104, at=LATE)
    return morning(position, PAY_DATE)


def content(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer)


def csv_of(api: Api, name: str, query: str = "") -> list[dict[str, str]]:
    text = content(api.get(f"/exports/{name}.csv{query}")).decode()
    return list(csv.DictReader(StringIO(text, newline="")))


def xlsx_of(api: Api, name: str, query: str = "") -> list[dict[str, Any]]:
    book = load_workbook(BytesIO(content(api.get(f"/exports/{name}.xlsx{query}"))))
    titles, *rows = book.active.iter_rows(values_only=True)
    return [dict(zip(titles, row, strict=True)) for row in rows]


def test_positions_are_as_they_are_now(api, ann):
    position = make_story(ann)

    assert csv_of(api, "positions") == [
        {
            "number": "1",
            "ticker": "IBM",
            "status": "active",
            "qty": "87.42578403",
            "cash (USD)": "11361.354546",
            "dividend_receivable (USD)": "0",
            "anchor_price (USD)": "103.18",
            "reserved_cash (USD)": "0",
            "reserved_qty": "0",
            "withholding_tax_rate": "",
            "broker": "paper",
            "market_provider": "static",
            "opened_date (New York)": "2024-01-08",
            "created_at (UTC)": position.created_at.isoformat().replace("+00:00", "Z"),
            "updated_at (UTC)": position.updated_at.isoformat().replace("+00:00", "Z"),
            "id": str(position.pk),
        }
    ]


def test_trades_are_the_executions(api, ann):
    position = make_story(ann)
    trade = Trade.objects.get()

    assert csv_of(api, "trades") == [
        {
            "executed_at (UTC)": "2024-01-09T04:30:00Z",
            "ticker": "IBM",
            "side": "SELL",
            "qty": "12.57421597",
            "price (USD)": "104",
            "notional (USD)": "1307.718461",
            "commission (USD)": "0.130772",
            "broker": "paper",
            "execution_id": trade.execution_id,
            "booked_at (UTC)": trade.booked_at.isoformat().replace("+00:00", "Z"),
            "position_id": str(position.pk),
            "order_id": str(trade.order_id),
            "id": str(trade.pk),
        }
    ]


def test_dividends_tell_gross_tax_and_net(api, ann):
    make_story(ann)

    (row,) = csv_of(api, "dividends")

    assert list(row.items())[:10] == [
        ("ex_date (New York)", "2024-01-16"),
        ("pay_date (New York)", "2024-02-01"),
        ("ticker", "IBM"),
        ("shares", "87.42578403"),
        ("dps (USD)", "0.82"),
        ("gross (USD)", "71.689143"),
        ("tax (USD)", "17.922286"),
        ("net (USD)", "53.766857"),
        ("status", "paid"),
        ("paid_at (UTC)", "2024-02-01T14:30:00Z"),
    ]


def test_the_journal_adds_up_to_the_balances(api, ann):
    make_story(ann)

    rows = csv_of(api, "journal")

    assert [(row["cause_kind"], row["cash_delta (USD)"], row["qty_delta"]) for row in rows] == [
        ("opening", "10000", "100"),
        ("trade", "1307.587689", "-12.57421597"),
        ("ex_dividend", "0", "0"),
        ("dividend_payment", "53.766857", "0"),
    ]
    assert rows[-1]["cash_after (USD)"] == csv_of(api, "positions")[0]["cash (USD)"]


def test_events_tell_the_story_in_order(api, ann):
    position = make_story(ann)

    rows = csv_of(api, "events")

    assert [row["type"] for row in rows] == list(
        position.events.order_by("seq").values_list("type", flat=True)
    )
    assert rows[0]["message"] == "Opened with 100 IBM and 10000 of cash."
    assert (rows[0]["ts (UTC)"], rows[0]["actor"], rows[0]["seq"]) == ("2024-01-08T16:00:00Z", "tester", "1")


@pytest.mark.parametrize("name", NAMES)
def test_a_workbook_holds_the_same_cells(api, ann, name):
    make_story(ann)

    texts, cells = csv_of(api, name), xlsx_of(api, name)

    assert [list(row) for row in texts] == [list(row) for row in cells]
    for text_row, cell_row in zip(texts, cells, strict=True):
        for title, cell in cell_row.items():
            assert is_same(cell, text_row[title]), title


def is_same(cell: Any, text: str) -> bool:
    """Compare what a workbook gave back with the CSV's text; a workbook keeps milliseconds."""
    if cell is None or isinstance(cell, str):
        return text == (cell or "")
    if not isinstance(cell, datetime):
        return Decimal(text) == Decimal(repr(cell))
    if "T" not in text:
        return text == cell.date().isoformat()
    return abs(datetime.fromisoformat(text) - cell.replace(tzinfo=UTC)) <= timedelta(milliseconds=1)


def test_a_message_that_begins_like_a_formula_arrives_as_text(api, ann):
    position = make_position(tenant=ann)
    with unit_of_work():
        locked = Position.objects.lock(position.pk)
        record_event(locked, EventType.ADJUSTMENT_BOOKED, "=HYPERLINK(1)", stamp=make_stamp(actor="@ann"))

    for row in (csv_of(api, "events")[-1], xlsx_of(api, "events")[-1]):
        assert (row["message"], row["actor"]) == ("'=HYPERLINK(1)", "'@ann")


def test_a_tenants_own_events_are_told_too_and_the_installations_are_not(api, ann):
    with unit_of_work():
        record_event(ann, EventType.CONFIG_CHANGED, "ours", stamp=make_stamp())
        record_event(make_tenant("bob"), EventType.CONFIG_CHANGED, "theirs", stamp=make_stamp())
        record_event(None, EventType.CONFIG_CHANGED, "everybody's", stamp=make_stamp())

    assert [row["message"] for row in csv_of(api, "events") if row["type"] == "config_changed"] == ["ours"]


@pytest.mark.parametrize("name", NAMES)
def test_a_tenant_sees_its_own_rows_alone(api, ann, name):
    make_story(make_tenant("bob"))
    key_events = Event.objects.filter(tenant=ann).count() if name == "events" else 0

    assert len(csv_of(api, name)) == len(xlsx_of(api, name)) == key_events


@pytest.mark.parametrize("name", NAMES)
def test_one_cells_rows_can_be_asked_for(api, ann, name):
    make_story(ann)
    other = make_story(ann, ticker="MSFT")

    rows = csv_of(api, name, f"?position_id={other.pk}")

    assert rows
    assert {row.get("position_id") or row["id"] for row in rows} == {str(other.pk)}


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
@pytest.mark.parametrize("name", NAMES)
def test_another_tenants_cell_is_as_unknown_as_a_random_one(api, name, format_):
    theirs = make_story(make_tenant("bob"))

    answers = [api.get(f"/exports/{name}.{format_}?position_id={id_}") for id_ in (theirs.pk, uuid.uuid4())]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


@pytest.mark.parametrize(
    ("name", "query", "count"),
    [
        ("positions", "?from=2024-01-08&to=2024-01-08", 1),
        ("positions", "?from=2024-01-09", 0),
        ("trades", "?from=2024-01-08&to=2024-01-08", 1),  # the 9th in Greenwich
        ("trades", "?from=2024-01-09", 0),
        ("trades", "?to=2024-01-07", 0),
        ("journal", "?to=2024-01-08", 2),
        ("journal", "?from=2024-01-09&to=9999-12-31", 2),
        ("journal", "?from=0001-01-01", 4),
        ("dividends", "?from=2024-01-16&to=2024-01-16", 1),
        ("dividends", "?to=2024-01-15", 0),
    ],
)
def test_dates_are_those_of_new_york_both_inclusive(api, ann, name, query, count):
    make_story(ann)

    assert len(csv_of(api, name, query)) == count


@pytest.mark.parametrize(
    "query",
    ["?from=2024-02-30", "?from=20240108", "?to=1704672000", "?from=2024-01-02&to=2024-01-01", "?from="],
)
def test_a_wrong_date_is_refused(api, query):
    answer = api.get(f"/exports/journal.csv{query}")

    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("path", ["/exports/users.csv", "/exports/trades.pdf", "/exports/trades", "/exports"])
def test_what_is_not_exported_is_not_there(api, path):
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("format_", "content_type"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_a_file_says_what_it_is_and_is_not_kept(api, format_, content_type):
    answer = api.get(f"/exports/trades.{format_}")
    content(answer)

    assert answer["Content-Type"] == content_type
    name = re.fullmatch(r'attachment; filename="trades-(\S+)\.(\w+)"', answer["Content-Disposition"])
    assert (date.fromisoformat(name[1]) <= date.today(), name[2]) == (True, format_)  # noqa: DTZ011
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "no-store")
    assert answer["X-Request-ID"]


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_queries_does_not_grow_with_the_rows(api, ann, name, format_):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            content(api.get(f"/exports/{name}.{format_}"))
        return len(captured)

    make_story(ann)
    few = queries()
    for ticker in ("A", "B", "C"):
        make_story(ann, ticker=ticker)

    assert queries() == few <= 4
