"""Usage errors of `simulate` and `replay`: said in one message, and nothing is written."""

import pytest
from django.core.management import CommandError

from accounts.models import Tenant
from dividends.models import Dividend, Split
from dividends.tests.scratch import finished, scratch_database
from positions.models import Event, JournalEntry, Position
from simulation.models import ReplayRun
from simulation.tests.builders import bring_in, command, make_history

WRONG = {
    "no ticker": ([], "ticker"),
    "unknown ticker": (["NOPE"], "import_history NOPE"),
    "malformed ticker": (["I B M"], "ticker"),
    "bad date": (["IBM", "--from=2003-02-30"], "2003-02-30"),
    "no date": (["IBM", "--to=yesterday"], "yesterday"),
    "date without hyphens": (["IBM", "--from=20030218"], "20030218"),
    "date by week": (["IBM", "--to=2003-W08-5"], "2003-W08-5"),
    "negative qty": (["IBM", "--qty=-1"], "qty"),
    "qty with an exponent": (["IBM", "--qty=1e3"], "qty"),
    "qty with too many places": (["IBM", "--qty=1.000000001"], "qty"),
    "qty that is no number": (["IBM", "--qty=NaN"], "qty"),
    "qty too large": (["IBM", "--qty=10000000"], "qty"),
    "negative cash": (["IBM", "--cash=-0.01"], "cash"),
    "cash with too many places": (["IBM", "--cash=1.0000001"], "cash"),
    "unknown setting": (["IBM", "--set=nonsense=1"], "nonsense"),
    "setting without a value": (["IBM", "--set=up_threshold_pct"], "field=value"),
    "setting with an empty value": (["IBM", "--set=up_threshold_pct="], "up_threshold_pct"),
    "setting that is no number": (["IBM", "--set=up_threshold_pct=three"], "up_threshold_pct"),
    "threshold of zero": (["IBM", "--set=up_threshold_pct=0"], "up_threshold_pct"),
    "negative threshold": (["IBM", "--set=down_threshold_pct=-3"], "down_threshold_pct"),
    "min above max": (["IBM", "--set=min_stock_pct=80"], "min_stock_pct"),
    "lot that is no multiple of the step": (["IBM", "--set=lot_size=0.5", "--set=qty_step=0.3"], "lot_size"),
    "unknown sizing": (["IBM", "--set=order_sizing_strategy=magic"], "order_sizing_strategy"),
    "limit that may not be absent": (["IBM", "--set=min_notional=none"], "min_notional"),
    "neither true nor false": (["IBM", "--set=allow_after_hours=maybe"], "allow_after_hours"),
    "unknown fill": (["IBM", "--fill=tomorrow"], "tomorrow"),
    "no bars before": (["IBM", "--to=2000-02-29"], "no bars of IBM"),
    "no bars after": (["IBM", "--from=2013-03-02"], "no bars of IBM"),
    "from after to": (["IBM", "--from=2003-02-01", "--to=2003-01-31"], "no bars of IBM"),
    "unknown option": (["IBM", "--frobnicate"], "--frobnicate"),
    "two tickers": (["IBM", "MSFT"], "MSFT"),
}


def assert_nothing_written():
    for model in (Tenant, Position, Event, JournalEntry, ReplayRun, Dividend, Split):
        assert model.objects.count() == 0, model


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["simulate", "replay"])
@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.replace(" ", "_"))
def test_they_are_refused_and_nothing_is_written(name, wrong):
    arguments, named = WRONG[wrong]

    with pytest.raises(CommandError) as caught:
        command(name, *arguments)

    assert named in str(caught.value)
    assert_nothing_written()


@pytest.mark.django_db
def test_a_span_without_bars_of_an_imported_ticker_is_refused():
    bring_in(make_history(["100", "101"]))

    with pytest.raises(CommandError, match="no bars of XYZ"):
        command("replay", "XYZ", "--from=2024-01-10")

    assert Position.objects.count() == 0


@pytest.mark.any_database
def test_as_processes_they_print_the_usage_and_exit_with_2(tmp_path):
    with scratch_database(tmp_path) as scratch:
        wrong = [
            scratch.start("simulate", "IBM", "--frobnicate"),
            scratch.start("simulate", "NOPE"),
            scratch.start("replay", "IBM", "--qty=-1"),
        ]
        answers = [finished(process) for process in wrong]

    assert [(answer.returncode, answer.stdout) for answer in answers] == [(2, "")] * 3
    assert all(answer.stderr.startswith("usage:") for answer in answers)
    assert [answer.stderr.splitlines()[-1].partition("error: ")[1] for answer in answers] == ["error: "] * 3
    assert "Traceback" not in "".join(answer.stderr for answer in answers)
