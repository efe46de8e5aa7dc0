import json
from decimal import Decimal

import pytest
from django.core.management import CommandError

from simulation import screening
from simulation.tests.builders import bring_in, command, cut, day, make_history, result
from simulation.tests.test_wrong_arguments import assert_nothing_written

YEAR = ("--from=2011-01-03", "--to=2011-12-30")
THRESHOLDS = ("--grid=up_threshold_pct=2:4:0.5", "--grid=down_threshold_pct=3,5")
WRONG = {
    "no grid": (["IBM"], "--grid"),
    "grid without values": (["IBM", "--grid=up_threshold_pct="], "field=from:to:step"),
    "grid without a step": (["IBM", "--grid=up_threshold_pct=1:2"], "field=from:to:step"),
    "unknown setting": (["IBM", "--grid=nonsense=1:2:1"], "nonsense"),
    "no number": (["IBM", "--grid=up_threshold_pct=1:two:1"], "up_threshold_pct"),
    "step of zero": (["IBM", "--grid=up_threshold_pct=1:2:0"], "above zero"),
    "downward": (["IBM", "--grid=up_threshold_pct=2:1:1"], "from up to"),
    "too many values": (["IBM", "--grid=up_threshold_pct=1:9:0.00000001"], "800,000,001"),
    "too many settings": (
        ["IBM", *(f"--grid={name}_threshold_pct=1:20:0.1" for name in ("up", "down"))],
        "20,000",
    ),
    "a value twice": (["IBM", "--grid=up_threshold_pct=1,1.0"], "twice"),
    "a field twice": (["IBM", "--grid=up_threshold_pct=1,2", "--grid=up_threshold_pct=3,4"], "already"),
    "set and tried": (["IBM", "--set=up_threshold_pct=3", "--grid=up_threshold_pct=1,2"], "already"),
    "first doesn't fit": (["IBM", "--grid=min_stock_pct=80,20"], "min_stock_pct"),
    "last doesn't fit": (["IBM", "--grid=min_stock_pct=20,80"], "min_stock_pct"),
    "none to show": (["IBM", *THRESHOLDS, "--best=0"], "best"),
    "unknown ticker": (["NOPE", *THRESHOLDS], "import_history NOPE"),
    "no bars": (["IBM", *THRESHOLDS, "--to=1999-12-31"], "no bars of IBM"),
}


def screened(*arguments):
    return json.loads(command("screen", *arguments, "--json"))


@pytest.mark.django_db
def test_the_best_are_those_that_simulate_ends_with_most():
    values = {}
    for up in ("2", "2.5", "3", "3.5", "4"):
        for down in ("3", "5"):
            history = cut("IBM", "2011-01-03", "2011-12-30")
            pair = f"up_threshold_pct={up}", f"down_threshold_pct={down}"
            values[up, down] = result(history, *pair, "rebalance_ratio=3", qty="50", cash="4000")

    printed = screened(
        "ibm", *YEAR, *THRESHOLDS, "--set=rebalance_ratio=3", "--qty=50", "--cash=4000", "--best=3"
    )

    best = sorted(values, key=lambda pair: -values[pair].value)[:3]
    assert [tuple(one["settings"].values()) for one in printed["best"]] == best
    first, hold = values[best[0]], values[best[0]].hold_value
    assert (printed["ticker"], printed["bars"], printed["tried"]) == ("IBM", 252, 10)
    assert Decimal(printed["hold_value"]) == hold
    assert printed["better_than_holding"] == sum(one.value > hold for one in values.values()) == 6
    assert printed["best"][0]["trades"] == len(first.trades)
    assert Decimal(printed["best"][0]["value"]) == first.value
    assert Decimal(printed["best"][0]["against_holding"]) == first.value - hold


@pytest.mark.django_db
def test_compiled_or_not_it_prints_the_same(monkeypatch):
    pytest.importorskip("numba")
    arguments = ("MSFT", "--from=2003-01-02", "--to=2003-12-31", *THRESHOLDS)
    plain = command("screen", *arguments, "--json")
    monkeypatch.setattr(screening, "ENOUGH_TO_LOAD", 0)

    assert command("screen", *arguments, "--json") == plain


@pytest.mark.django_db
def test_a_person_reads_how_many_were_tried_and_that_the_best_is_partly_luck(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    bring_in(make_history(["100", "104", "100", "97", "101"], dividends=[(day(1), day(2), "1")]))

    printed = command("screen", "XYZ", *THRESHOLDS, "--fill=next_open")

    assert "10 settings were tried" in printed
    assert "partly luck: an optimization judges" in printed
    assert [word for word in ("up_threshold_pct", "trades", "against holding") if word not in printed] == []


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.replace(" ", "_"))
def test_wrong_calls_are_refused_and_nothing_is_written(wrong):
    arguments, named = WRONG[wrong]

    with pytest.raises(CommandError) as caught:
        command("screen", *arguments)

    assert named in str(caught.value)
    assert_nothing_written()
