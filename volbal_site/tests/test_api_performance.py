"""`/v1/performance`, as a program sees it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Tenant
from dividends.tests.builders import EX_DATE, PAY_DATE, make_dividend, morning
from orders.tests.builders import run_at
from positions.models import Position
from positions.tests.builders import OPENED_AT, make_position, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db


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
    run_at(position, 104, at=OPENED_AT + timedelta(days=1))
    morning(position, EX_DATE)
    return morning(position, PAY_DATE)


FIGURES = {
    "value": "20381.946942",
    "hold_value": "20379.5",
    "value_minus_hold": "2.446942",
    "attribution": {"trading": "10.310857", "commissions": "0.130772", "dividends": "-7.733143"},
    "contributed": "20000",
    "gain": "381.946942",
    "cost": "8742.578403",
    "realised_gain": "50.296864",
    "unrealised_gain": "278.013993",
    "fees": "0.130772",
    "dividends": {"gross": "71.689143", "tax": "17.922286", "net": "53.766857", "pending": "0"},
    "traded_notional": "1307.718461",
    "trade_count": 1,
    "days_evaluated": 1,
    "inside_guardrails_pct": "100",
}
CURVE = {
    "days": 4,
    "points": [
        {"date": "2024-01-08", "value": None, "hold_value": None},
        {"date": "2024-01-09", "value": "20399.869228", "hold_value": "20400"},
        {"date": "2024-01-16", "value": "20381.946942", "hold_value": "20379.5"},
        {"date": "2024-02-01", "value": "20381.946942", "hold_value": "20379.5"},
    ],
}


def cell_of(position: Position) -> dict[str, Any]:
    return {
        **FIGURES,
        "position_id": str(position.pk),
        "ticker": position.ticker,
        "status": "active",
        "opened_date": "2024-01-08",
        # Seen at 104, before the dividend of 0.82.
        "price": {"price": "103.18", "as_of": "2024-01-09T16:00:00Z", "source": "trade"},
    }


def test_a_cell_tells_value_holding_gains_fees_dividends_and_curve(api, ann):
    position = make_story(ann)

    answer = api.get(f"/positions/{position.pk}/performance")

    assert (answer.status_code, answer.json()) == (200, {**cell_of(position), "value_curve": CURVE})


def test_all_cells_are_summed_and_listed(api, ann):
    one = make_story(ann)
    make_story(make_tenant("bob"), ticker="MSFT")

    assert api.get("/performance").json() == {
        **FIGURES,
        "unpriced": [],
        "value_curve": CURVE,
        "positions": {"items": [cell_of(one)], "count": 1},
    }


def test_a_cell_without_a_price_is_named_and_leaves_the_sum_unknown(api, ann):
    make_story(ann)
    unpriced = make_position(tenant=ann, ticker="XYZ")

    answer = api.get("/performance?limit=1&offset=1").json()

    assert (answer["value"], answer["gain"], answer["realised_gain"]) == (None, None, "50.296864")
    assert answer["unpriced"] == [str(unpriced.pk)]
    assert [cell["ticker"] for cell in answer["positions"]["items"]] == ["XYZ"]
    assert answer["positions"]["count"] == 2


def test_a_tenant_without_cells_has_nothing(api):
    answer = api.get("/performance").json()

    assert (answer["value"], answer["gain"], answer["inside_guardrails_pct"]) == ("0", "0", None)
    assert (answer["value_curve"], answer["positions"]) == (
        {"days": 0, "points": []},
        {"items": [], "count": 0},
    )


def test_the_curve_can_be_cut_by_dates(api, ann):
    position = make_story(ann)

    for path in ("/performance", f"/positions/{position.pk}/performance"):
        answer = api.get(f"{path}?from=2024-01-09&to=2024-01-16").json()
        assert answer["value_curve"] == {"days": 2, "points": CURVE["points"][1:3]}
        assert answer["value"] == FIGURES["value"]


@pytest.mark.parametrize("query", ["from=2024-1-9", "to=x", "from=2024-01-02&to=2024-01-01"])
def test_a_wrong_date_is_refused(api, ann, query):
    position = make_position(tenant=ann)

    for path in ("/performance", f"/positions/{position.pk}/performance"):
        assert api.get(f"{path}?{query}").status_code == 422


def test_another_tenants_cell_is_as_unknown_as_a_random_one(api):
    theirs = make_story(make_tenant("bob"))

    answers = [api.get(f"/positions/{id_}/performance") for id_ in (theirs.pk, uuid.uuid4())]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


def test_the_number_of_queries_does_not_grow_with_the_cells(api, ann):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get("/performance").status_code == 200
        return len(captured)

    make_story(ann)
    few = queries()
    for ticker in ("A", "B", "C"):
        make_story(ann, ticker=ticker)

    assert queries() == few <= 12
