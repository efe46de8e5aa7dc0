"""Runs that are saved: asked for, made by a worker, read; a history that was brought along."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.errors import NotFound
from accounts.transactions import Stamp, unit_of_work
from market.errors import BadFile, UnknownTicker
from positions.tests.builders import make_tenant
from simulation.models import Simulation, SimulationPoint, SimulationTrade, StoredHistory
from simulation.report import as_json
from simulation.requests import RunRequest, as_csv, keep_history
from simulation.runs import cancel_simulation, start_simulation, work_off_simulations
from simulation.setup import FillModel, settings_from
from simulation.tests.builders import cut, day, make_history, result
from volbal.errors import OutOfRange

pytestmark = pytest.mark.django_db

AT = datetime(2024, 6, 3, 15, tzinfo=UTC)
STAMP = Stamp(at=AT, actor="ann")


def asked(tenant, **request) -> Simulation:
    with unit_of_work():
        return start_simulation(
            tenant_id=tenant.pk, request=RunRequest(**{"ticker": "IBM", **request}), stamp=STAMP
        )


def work(at=AT) -> int:
    return work_off_simulations(clock=lambda: at)


def test_a_saved_run_is_what_the_command_prints():
    run = asked(make_tenant("ann"), settings=settings_from(["up_threshold_pct=2"]))

    assert (run.status, work()) == ("queued", 1)

    run.refresh_from_db()
    expected = as_json(result(cut("IBM", "2000-03-01", "2013-03-01"), "up_threshold_pct=2"))
    assert (run.status, run.done, run.total, run.error) == ("done", 3270, 3270, "")
    assert (run.metrics, run.final) == (expected["metrics"], expected["final"])
    trades = run.trades.order_by("number")
    assert [t.date.isoformat() for t in trades] == [t["date"] for t in expected["trades"]]
    assert [t.qty for t in trades] == [Decimal(t["qty"]) for t in expected["trades"]]


def test_its_curve_ends_in_its_value_and_is_thinned():
    run = asked(make_tenant("ann"))
    work()

    run.refresh_from_db()
    points = list(run.points.order_by("date"))
    assert points[0].date.isoformat() == "2000-03-01"
    assert 500 < len(points) <= 1000
    assert points[-1].value == Decimal(run.final["value"])
    assert points[-1].hold_value == Decimal(run.metrics["hold_value"])


def test_a_run_is_made_once():
    asked(make_tenant("ann"))

    assert (work(), work()) == (1, 0)
    assert SimulationTrade.objects.values("simulation").distinct().count() == 1


def test_what_a_killed_worker_had_claimed_is_taken_up_later():
    run = asked(make_tenant("ann"))
    Simulation.objects.filter(pk=run.pk).update(claimed_until=AT + timedelta(seconds=10))

    assert work() == 0
    assert work(AT + timedelta(seconds=11)) == 1


def test_what_was_cancelled_is_not_made():
    tenant = make_tenant("ann")
    run = asked(tenant)
    with unit_of_work():
        cancel_simulation(tenant_id=tenant.pk, simulation_id=run.pk, stamp=STAMP)

    assert work() == 0
    run.refresh_from_db()
    assert (run.status, run.finished_at, run.metrics) == ("cancelled", AT, None)


def test_what_is_over_stays_as_it_is():
    tenant = make_tenant("ann")
    run = asked(tenant)
    work()
    with unit_of_work():
        cancelled = cancel_simulation(tenant_id=tenant.pk, simulation_id=run.pk, stamp=STAMP)

    assert cancelled.status == "done"


def test_another_tenants_run_is_none():
    run = asked(make_tenant("ann"))

    with pytest.raises(NotFound), unit_of_work():
        cancel_simulation(tenant_id=make_tenant("bob").pk, simulation_id=run.pk, stamp=STAMP)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"ticker": "NOPE"}, UnknownTicker),
        ({"start": day(0), "end": day(1)}, OutOfRange),
        ({"qty": Decimal("9999999.99999999"), "cash": None}, OutOfRange),
    ],
)
def test_what_can_not_be_run_is_refused_and_not_saved(request_, error):
    with pytest.raises(error):
        asked(make_tenant("ann"), **request_)

    assert not Simulation.objects.exists()


def test_a_run_that_outgrows_the_books_says_so():
    history = make_history(["1", "900000000"])
    tenant = make_tenant("ann")
    with unit_of_work():
        stored = keep_history(tenant_id=tenant.pk, ticker="XYZ", **as_csv(history))
    run = asked(tenant, ticker="XYZ", history_id=stored.pk, settings=settings_from(["qty_step=1"]))

    work()

    run.refresh_from_db()
    assert run.status == "failed"
    assert "1,000,000,000" in run.error
    assert not SimulationPoint.objects.exists()


def brought_along(tenant, **texts) -> StoredHistory:
    with unit_of_work():
        return keep_history(tenant_id=tenant.pk, ticker="zzz", **texts)


GAPPY = make_history(
    ["100", "104", "99", "52", "54", "50"],
    days=[day(0), day(1), day(9), day(10), day(40), day(41)],
    dividends=[(day(9), day(20), "0.4")],
    splits=[(day(10), 2, 1)],
    ticker="ZZZ",
)


@pytest.mark.parametrize("fill", list(FillModel))
def test_an_unknown_ticker_with_gaps_a_split_and_dividends_runs(fill):
    tenant = make_tenant("ann")
    stored = brought_along(tenant, **as_csv(GAPPY))

    run = asked(tenant, ticker="ZZZ", history_id=stored.pk, fill=fill)
    work()

    run.refresh_from_db()
    assert run.final == as_json(result(GAPPY, fill=fill))["final"]
    assert (run.total, run.trades.count()) == (6, run.metrics["trade_count"])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("bars", "date,open,high,low,close,volume\n2024-01-08,1,1,1,x,1\n", "bars.csv, line 2: close"),
        ("bars", "date,open\n", "bars.csv"),
        ("bars", "", "bars.csv"),
        ("dividends", "ex_date,pay_date,dps,currency\n2024-01-08,2024-01-07,1,USD\n", "line 2: the pay date"),
        ("splits", "date,new_shares,old_shares\n2024-01-08,0,1\n", "line 2: new_shares"),
    ],
)
def test_a_bad_file_is_refused_with_line_and_reason(name, text, said):
    with pytest.raises(BadFile) as refused:
        brought_along(make_tenant("ann"), **{**as_csv(GAPPY), name: text})

    assert said in refused.value.detail.replace(":2:", ", line 2:")
    assert not StoredHistory.objects.exists()


def test_another_tenants_history_is_none():
    stored = brought_along(make_tenant("ann"), **as_csv(GAPPY))

    with pytest.raises(NotFound):
        asked(make_tenant("bob"), ticker="ZZZ", history_id=stored.pk)
