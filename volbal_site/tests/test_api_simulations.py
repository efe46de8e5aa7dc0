"""Simulations and optimizations over the API: asked for with `read`, made by workers, read again."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.utils import timezone

from positions.tests.builders import make_tenant
from simulation.models import Optimization, Simulation, StoredHistory
from simulation.optimizations import work_off_optimizations
from simulation.runs import work_off_simulations
from simulation.tests.builders import command
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db

YEAR = {"ticker": "ibm", "first_date": "2004-01-02", "last_date": "2004-12-31"}
GRID = {"up_threshold_pct": ["2", 4, "6.0"], "max_orders_per_day": ["none", "1"]}
# Two days are missing; a dividend and a split fall on missing days.
BARS = """date,open,high,low,close,volume
2024-01-08,100,101,99,100,1200
2024-01-10,104,106,103,105,1200
2024-01-12,53,54,51,52,2400
2024-01-16,49,50,47,48,2400
"""
DIVIDENDS = "ex_date,pay_date,dps,currency\n2024-01-09,2024-01-15,0.5,USD\n"
SPLITS = "date,new_shares,old_shares\n2024-01-11,2,1\n"
HISTORY = {"ticker": "ACME", "bars": BARS, "dividends": DIVIDENDS, "splits": SPLITS}


@pytest.fixture
def api():
    return Api(make_key(make_tenant("ann"), "read"))


def work():
    work_off_simulations(clock=timezone.now)
    work_off_optimizations(clock=timezone.now)


def test_a_run_is_queued_made_and_equal_to_the_command(api):
    asked = api.post("/simulations", {**YEAR, "settings": {"trigger": {"up_threshold_pct": "4"}}})
    queued = api.get(f"/simulations/{asked.json()['id']}").json()
    work()
    done = api.get(f"/simulations/{asked.json()['id']}").json()

    assert asked.status_code == 201
    assert (queued["status"], queued["metrics"], queued["trades"]) == ("queued", None, [])
    assert (done["status"], done["done"], done["ticker"]) == ("done", done["total"], "IBM")
    span = ("--from", "2004-01-02", "--to", "2004-12-31")
    told = command("simulate", "IBM", *span, "--set", "up_threshold_pct=4", "--json")
    assert json.loads(told)["trades"] == done["trades"]
    assert json.loads(told)["metrics"] == done["metrics"]
    assert json.loads(told)["final"] == done["final"]
    assert done["value_curve"][-1]["value"] == done["final"]["value"]


def test_a_grid_is_tried_ranked_and_judged(api):
    asked = api.post("/optimizations", {**YEAR, "grid": GRID, "rank_by": "total_return_pct", "folds": 2})
    work()
    done = api.get(f"/optimizations/{asked.json()['id']}?limit=2").json()

    assert done["grid"] == {"up_threshold_pct": ["2", "4", "6"], "max_orders_per_day": ["none", "1"]}
    assert (done["status"], done["total"], done["trials"]["count"]) == ("done", 6, 6)
    returns = [Decimal(trial["metrics"]["total_return_pct"]) for trial in done["trials"]["items"]]
    assert len(returns) == 2
    assert returns == sorted(returns, reverse=True)
    assert done["verdict"]["trials"] == 6


def test_a_history_brought_along_has_gaps_a_dividend_and_a_split(api):
    history = api.post("/histories", HISTORY).json()
    asked = api.post("/simulations", {"ticker": "ACME", "history_id": history["id"], "qty": "10"}).json()
    work()
    done = api.get(f"/simulations/{asked['id']}").json()

    assert (done["status"], done["total"]) == ("done", 4)
    assert Decimal(done["metrics"]["dividends_received"]) > 0
    assert Decimal(done["final"]["qty"]) > 10
    assert done["trades"][0]["date"] == "2024-01-10"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"bars": BARS + "2024-01-17,1,1,1,x,1\n"}, "bars.csv, line 6"),
        ({"bars": BARS + "2024-01-16,48,48,48,48,1\n"}, "bars.csv, line 6"),
        ({"dividends": DIVIDENDS + "2024-01-10,2024-01-09,1,USD\n"}, "dividends.csv, line 3"),
        ({"splits": "date,new_shares\n"}, "splits.csv"),
        ({"bars": "date,open,high,low,close,volume\n"}, "bars.csv"),
    ],
)
def test_a_bad_file_is_named_with_its_line_and_nothing_is_kept(api, wrong, told):
    answer = api.post("/histories", {**HISTORY, **wrong})

    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/invalid-file")
    assert told in answer.json()["detail"]
    assert not StoredHistory.objects.exists()


JUNK = [
    {},
    {"": ["1"]},
    {"nope": ["1"]},
    {"up_threshold_pct": []},
    {"up_threshold_pct": [[]]},
    {"up_threshold_pct": [{}]},
    {"up_threshold_pct": [None]},
    {"up_threshold_pct": [True]},
    {"up_threshold_pct": ["1e5"]},
    {"up_threshold_pct": [1e300]},
    {"up_threshold_pct": ["3", 3]},
    {"up_threshold_pct": ["\x00"]},
    {"min_stock_pct": ["90"]},
    {"x" * 9000: ["1"]},
    {"up_threshold_pct": list(range(1, 250))},
    {"order_sizing_strategy": ["moon"]},
    {"allow_after_hours": ["perhaps"]},
]


@pytest.mark.parametrize("grid", JUNK, ids=range(len(JUNK)))
def test_a_grid_of_junk_is_refused_and_not_saved(api, grid):
    answer = api.post("/optimizations", {**YEAR, "grid": grid})

    assert answer.status_code == 422, answer.content
    assert not Optimization.objects.exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"trigger": {"nope": 1}},
        {"trigger": {"up_threshold_pct": None}},
        {"trigger": {"up_threshold_pct": []}},
        {"trigger": {"up_threshold_pct": 0}},
        {"guardrail": {"min_stock_pct": "80", "max_stock_pct": "70"}},
        {"order_policy": {"allow_after_hours": "yes"}},
        {"order_policy": {"order_sizing_strategy": {}}},
        {"order_policy": {"": True}},
        {"order_policy": {"min_qty": True}},
        {"guardrail": {"max_orders_per_day": True}},
        {"nope": {}},
    ],
)
def test_settings_of_junk_are_refused_and_not_saved(api, settings):
    answer = api.post("/simulations", {**YEAR, "settings": settings})

    assert answer.status_code == 422, answer.content
    assert not Simulation.objects.exists()


def test_what_is_cancelled_before_a_worker_comes_is_never_made(api):
    asked = api.post("/simulations", YEAR).json()

    assert api.post(f"/simulations/{asked['id']}/cancel").json()["status"] == "cancelled"
    work()

    assert api.get(f"/simulations/{asked['id']}").json()["trades"] == []


def test_the_same_key_asks_for_one_run(api):
    answers = [api.call("POST", "/simulations", YEAR, Idempotency_Key="once") for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert Simulation.objects.count() == 1


def test_a_key_without_read_asks_for_nothing():
    assert Api(make_key(make_tenant("bob"), "trade")).post("/simulations", YEAR).status_code == 403
    assert not Simulation.objects.exists()
