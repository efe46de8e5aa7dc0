import json
from decimal import Decimal

import pytest
from django.db import connection

from dividends.tests.scratch import finished, scratch_database
from simulation.tests.builders import bring_in, command, cut, day, fold, make_history, start_of, told

TRADED = ("date", "side", "qty", "price")
WITHOUT_LIBRARIES = """
import sys
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "simulate", "IBM", "--json"])
heavy = {"pandas", "numpy", "exchange_calendars"} & set(sys.modules)
sys.exit(f"imported: {sorted(heavy)}" if heavy else 0)
"""


def simulated(*arguments):
    return json.loads(command("simulate", *arguments, "--json"))


@pytest.mark.django_db
def test_the_json_has_the_shape_of_the_contract():
    history = cut("MSFT", "2003-01-02", "2003-02-28")
    run = fold(history)

    printed = simulated("msft", "--from=2003-01-02", "--to=2003-02-28")

    assert list(printed) == ["ticker", "from", "to", "bars", "trades", "final", "metrics"]
    assert (printed["ticker"], printed["from"], printed["to"], printed["bars"]) == (
        "MSFT",
        "2003-01-02",
        "2003-02-28",
        len(history.bars),
    )
    assert [tuple(trade[name] for name in TRADED) for trade in printed["trades"]] == told(run.trades)
    assert list(printed["trades"][0]) == [*TRADED, "commission"]
    final = printed["final"]
    assert list(final) == ["qty", "cash", "dividend_receivable", "anchor_price", "value"]
    assert Decimal(final["qty"]) == run.final.qty
    assert Decimal(final["value"]) == (
        (run.final.qty * history.bars[-1].close).quantize(Decimal("1e-6"))
        + run.final.cash
        + run.final.dividend_receivable
    )
    assert {"trade_count", "commissions", "dividends_received", "hold_value"} <= set(printed["metrics"])


@pytest.mark.django_db
def test_from_and_to_are_inclusive():
    printed = simulated("IBM", "--from=2000-03-02", "--to=2000-03-06")

    assert (printed["from"], printed["to"], printed["bars"]) == ("2000-03-02", "2000-03-06", 3)
    one = simulated("IBM", "--from=2000-03-02", "--to=2000-03-02")
    assert (one["bars"], one["trades"]) == (1, [])


@pytest.mark.django_db
def test_dates_between_bars_take_the_bars_inside():
    printed = simulated("IBM", "--from=2000-03-04", "--to=2000-03-12")

    assert (printed["from"], printed["to"]) == ("2000-03-06", "2000-03-10")


@pytest.mark.django_db
def test_it_starts_with_100_shares_their_price_in_cash_and_the_first_close_as_anchor():
    final = simulated("IBM", "--to=2000-03-01")["final"]

    assert final == {
        "qty": "100",
        "cash": "10025",
        "dividend_receivable": "0",
        "anchor_price": "100.25",
        "value": "20050",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "qty", "cash"),
    [
        (["--qty=10"], "10", "1002.5"),
        (["--cash=500"], "100", "500"),
        (["--qty=0", "--cash=0"], "0", "0"),
        (["--qty=3.00000001", "--cash=0.000001"], "3.00000001", "0.000001"),
    ],
)
def test_the_start_can_be_chosen_and_zero_is_a_choice(arguments, qty, cash):
    final = simulated("IBM", "--to=2000-03-01", "--set=min_notional=100000", *arguments)["final"]

    assert (final["qty"], final["cash"]) == (qty, cash)


@pytest.mark.django_db
def test_a_setting_given_twice_counts_the_last_time():
    once = simulated("IBM", "--to=2000-12-29", "--set=up_threshold_pct=8")
    twice = simulated("IBM", "--to=2000-12-29", "--set=up_threshold_pct=2", "--set=up_threshold_pct=8")

    assert once == twice
    assert once != simulated("IBM", "--to=2000-12-29")


@pytest.mark.django_db
def test_imported_bars_come_with_imported_actions_and_before_the_bundled_ones():
    bring_in(
        make_history(["100", "104"], ticker="IBM", dividends=[(day(1), day(1), "1")], splits=[(day(1), 2, 1)])
    )

    printed = simulated("IBM")

    assert (printed["from"], printed["bars"]) == ("2024-01-08", 2)
    assert printed["metrics"]["dividends_received"] == "150"


@pytest.mark.django_db
def test_it_writes_nothing():
    command("simulate", "IBM", "--to=2000-03-31")
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in ("django_migrations", "django_content_type", "auth_permission"):
                cursor.execute(f'SELECT count(*) FROM "{table}"')
                assert cursor.fetchone() == (0,), table


@pytest.mark.django_db
def test_a_person_reads_trades_shares_cash_value_dividends_fees_and_holding(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")

    printed = command("simulate", "IBM", "--to=2000-12-29").lower()

    words = ("ibm", "trades", "shares", "cash", "value", "dividends", "fees", "holding", "2000-12-29", "212")
    assert [word for word in words if word not in printed] == []


def test_a_database_that_was_never_migrated_will_do(tmp_path):
    with scratch_database(tmp_path) as scratch:
        printed = json.loads(scratch.told("simulate", "IBM", "--json"))

    assert (printed["bars"], len(printed["trades"])) == (3270, 521)
    history = cut("IBM", "2000-03-01", "2013-03-01")
    assert Decimal(printed["metrics"]["start_value"]) == start_of(history).cash * 2


def test_with_json_it_loads_no_heavy_library(tmp_path):
    with scratch_database(tmp_path) as scratch:
        done = finished(scratch.python("-c", WITHOUT_LIBRARIES))

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ticker"] == "IBM"
