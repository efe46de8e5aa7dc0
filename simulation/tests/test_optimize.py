"""Grids of settings: tried in chunks by whoever claims them, each once, ranked and judged."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.errors import NotFound
from accounts.transactions import Stamp, unit_of_work
from configs.resolver import effective_config
from positions.models import Event
from positions.tests.builders import make_position, make_tenant
from simulation import optimizations
from simulation.engine import simulate
from simulation.metrics import metrics_of, yardstick_of
from simulation.models import Optimization, OptimizationChunk, Trial
from simulation.optimizations import (
    OptimizationRequest,
    cancel_optimization,
    chunks_of,
    start_optimization,
    use_settings,
    work_off_optimizations,
)
from simulation.report import metrics_as_json
from simulation.requests import RunRequest
from simulation.series import series_of
from simulation.setup import FillModel, settings_from
from simulation.tests.builders import cut, start_of
from simulation.verdicts import heatmap_of, ranked_trials
from volbal.errors import InvalidConfig, OutOfRange, UnknownField

pytestmark = pytest.mark.django_db

AT = datetime(2024, 6, 3, 15, tzinfo=UTC)
STAMP = Stamp(at=AT, actor="ann")
GRID = {"up_threshold_pct": ["2", "4", "6"], "down_threshold_pct": ["3", "5"]}
SPAN = {"start": datetime(2004, 1, 1).date(), "end": datetime(2006, 12, 31).date()}  # noqa: DTZ001


def asked(tenant, grid=GRID, **request) -> Optimization:
    with unit_of_work():
        return start_optimization(
            tenant_id=tenant.pk,
            request=OptimizationRequest(run=RunRequest(ticker="IBM", **SPAN), grid=grid, **request),
            stamp=STAMP,
        )


def work(at=AT, is_over=bool) -> int:
    return work_off_optimizations(clock=lambda: at, is_over=is_over)


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(optimizations, "CHUNK_S", 1e-9)


def test_every_setting_is_what_a_run_of_it_comes_to(small_chunks):
    optimization = asked(make_tenant("ann"))

    assert work() == 6

    optimization.refresh_from_db()
    assert (optimization.status, optimization.done, optimization.total) == ("done", 6, 6)
    history = cut("IBM", "2004-01-01", "2006-12-31")
    start, yardstick = start_of(history), yardstick_of(series_of(history), start_of(history))
    trials = Trial.objects.filter(optimization=optimization).order_by("number")
    for trial, (up, down) in zip(trials, itertools.product(*GRID.values()), strict=True):
        settings = settings_from([f"up_threshold_pct={up}", f"down_threshold_pct={down}"])
        run = simulate(history, start, settings, FillModel.CLOSE)
        assert trial.values == {"up_threshold_pct": up, "down_threshold_pct": down}
        assert trial.metrics == metrics_as_json(metrics_of(start, run, settings.guardrail, yardstick))
        whole = Decimal(trial.parts["all"]["total_return_pct"])
        assert abs(whole - Decimal(trial.metrics["total_return_pct"])) < Decimal("1e-8")


def test_a_verdict_is_said_with_the_last_one(small_chunks):
    optimization = asked(make_tenant("ann"), folds=2)

    work(is_over=iter([False, False, True]).__next__)
    optimization.refresh_from_db()
    assert (optimization.status, optimization.done, optimization.verdict) == ("running", 2, None)

    work()
    optimization.refresh_from_db()
    verdict = optimization.verdict
    assert verdict["trials"] == 6
    assert verdict["summary"] in ("robust improvement", "no robust improvement")
    assert verdict["best"] == ranked_trials(optimization, part="train")[0].number
    assert set(Trial.objects.first().parts) == {
        "all", "train", "test", "train_1", "test_1", "train_2", "test_2"
    }  # fmt: skip


def test_a_chunk_claimed_by_a_worker_that_died_is_taken_up_and_saved_once(small_chunks):
    optimization = asked(make_tenant("ann"))
    OptimizationChunk.objects.filter(first__lt=2).update(claimed_until=AT + timedelta(seconds=15))

    assert work() == 4
    optimization.refresh_from_db()
    assert (optimization.status, optimization.done) == ("running", 4)
    assert work(AT + timedelta(seconds=16)) == 2

    optimization.refresh_from_db()
    assert (optimization.status, optimization.done, optimization.trials.count()) == ("done", 6, 6)


def test_who_comes_too_late_saves_nothing(small_chunks, monkeypatch):
    optimization = asked(make_tenant("ann"), grid={"up_threshold_pct": ["2"]})
    tried = optimizations._tried

    def overtaken(mine, chunk):
        if not Trial.objects.exists():
            monkeypatch.setattr(optimizations, "_tried", tried)
            assert work(AT + timedelta(seconds=16)) == 1
        return tried(mine, chunk)

    monkeypatch.setattr(optimizations, "_tried", overtaken)
    work()

    optimization.refresh_from_db()
    assert (optimization.done, optimization.trials.count()) == (1, 1)


def test_what_was_cancelled_goes_no_further(small_chunks):
    tenant = make_tenant("ann")
    optimization = asked(tenant)
    work(is_over=iter([False, True]).__next__)
    with unit_of_work():
        cancel_optimization(tenant_id=tenant.pk, optimization_id=optimization.pk, stamp=STAMP)

    assert work() == 0
    optimization.refresh_from_db()
    assert (optimization.status, optimization.trials.count()) == ("cancelled", 1)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"grid": {}}, OutOfRange),
        ({"grid": {"up_threshold_pct": []}}, OutOfRange),
        ({"grid": {"nope": ["1"]}}, UnknownField),
        ({"grid": {"up_threshold_pct": ["3", "3.0"]}}, InvalidConfig),
        ({"grid": {"up_threshold_pct": ["0"]}}, InvalidConfig),
        ({"grid": {"min_stock_pct": ["20", "80"]}}, InvalidConfig),
        ({"grid": {f: [str(n) for n in range(1, 99)] for f in ("up_threshold_pct", "down_threshold_pct",
                                                               "rebalance_ratio")}}, OutOfRange),
        ({"rank_by": "nope"}, OutOfRange),
        ({"train_pct": 5}, OutOfRange),
        ({"folds": 99}, OutOfRange),
    ],
)  # fmt: skip
def test_what_can_not_be_tried_is_refused_and_not_saved(request_, error):
    with pytest.raises(error):
        asked(make_tenant("ann"), **request_)

    assert not Optimization.objects.exists()


def test_use_these_settings_writes_the_positions_own_and_says_so():
    tenant = make_tenant("ann")
    optimization, position = asked(tenant), make_position(tenant=tenant)

    with unit_of_work():
        use_settings(
            tenant_id=tenant.pk,
            optimization_id=optimization.pk,
            number=4,
            position_id=position.pk,
            stamp=STAMP,
        )

    trigger = effective_config(position).trigger
    assert (trigger.up_threshold_pct, trigger.down_threshold_pct) == (Decimal(6), Decimal(3))
    event = Event.objects.get(type="config_changed")
    assert (event.actor, event.position_id) == ("ann", position.pk)


def test_another_tenants_position_or_optimization_is_none():
    ann, bob = make_tenant("ann"), make_tenant("bob")
    optimization, hers, his = asked(ann), make_position(tenant=ann), make_position(tenant=bob)

    for tenant, position in ((ann, his), (bob, his), (bob, hers)):
        with pytest.raises(NotFound), unit_of_work():
            use_settings(
                tenant_id=tenant.pk,
                optimization_id=optimization.pk,
                number=0,
                position_id=position.pk,
                stamp=STAMP,
            )
    assert not Event.objects.filter(type="config_changed").exists()


def test_the_ranking_puts_the_best_first_whatever_is_better():
    optimization = asked(make_tenant("ann"))
    work()

    returns = [
        one.figure("total_return_pct", "all")
        for one in ranked_trials(optimization, rank_by="total_return_pct")
    ]
    falls = [
        one.figure("max_drawdown_pct", "all")
        for one in ranked_trials(optimization, rank_by="max_drawdown_pct")
    ]
    fees = [
        one.figure("commissions", "test")
        for one in ranked_trials(optimization, rank_by="commissions", part="test")
    ]
    assert returns == sorted(returns, reverse=True)
    assert falls == sorted(falls)
    assert fees == sorted(fees)


def test_the_heatmap_shows_every_setting_without_script_or_style():
    optimization = asked(make_tenant("ann"))
    work()
    optimization.refresh_from_db()

    svg = heatmap_of(optimization)

    assert svg.count("<rect") == 6
    assert svg.count("heat-best") == 1
    assert "style=" not in svg
    assert "<script" not in svg
    assert "Sell when up by 6, Buy when down by 5: " in svg


def test_chunks_are_cut_by_the_work_in_them(monkeypatch):
    monkeypatch.setattr(optimizations, "CHUNK_S", 1.0)

    assert list(chunks_of([0.4, 0.4, 0.4, 3.0, 0.1])) == [(0, 3), (3, 4), (4, 5)]
    assert list(chunks_of([])) == []


def test_starting_takes_as_many_statements_however_much_there_is_to_try(django_assert_max_num_queries):
    tenant = make_tenant("ann")
    with django_assert_max_num_queries(12, connection=connection):
        asked(tenant, grid={"up_threshold_pct": [str(number) for number in range(1, 60)]})
