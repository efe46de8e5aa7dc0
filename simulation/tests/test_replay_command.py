import json

import pytest

from configs.tests.builders import set_global
from dividends.models import Dividend, Split
from dividends.tests.builders import assert_books_agree
from dividends.tests.scratch import finished, scratch_database
from orders.models import Order, Trade
from positions.ledger import ledger_digest
from positions.models import Event, Position
from simulation.models import ReplayRun
from simulation.tests.builders import command

SHORT = ("replay", "MSFT", "--from=2003-02-03", "--to=2003-03-14")


@pytest.mark.django_db
def test_everything_it_does_is_in_the_books():
    printed = json.loads(command(*SHORT, "--json"))

    position = Position.objects.get()
    assert (position.ticker, position.broker, position.market_provider) == ("MSFT", "paper", "replay")
    assert Event.objects.filter(type="position_evaluated").count() == printed["bars"]
    assert Trade.objects.count() == Order.objects.filter(status="filled").count() == len(printed["trades"])
    assert set(position.journal.values_list("cause_kind", flat=True)) == {
        "opening",
        "split",
        "ex_dividend",
        "dividend_payment",
        "trade",
    }
    assert ReplayRun.objects.get().last_date.isoformat() == printed["to"]
    assert_books_agree()


@pytest.mark.django_db
def test_a_person_reads_what_happened_and_how_to_check_it(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")

    printed = command("replay", "IBM", "--to=2000-03-31").lower()

    words = (
        "trades",
        "shares",
        "cash",
        "value",
        "dividends",
        "fees",
        "holding",
        "verify_ledger",
        "simulate ibm",
    )
    assert [word for word in words if word not in printed] == []


@pytest.mark.django_db
def test_every_setting_of_a_replay_is_pinned_so_that_no_other_scope_moves_it():
    before = command(*SHORT, "--json")
    set_global("trigger", up_threshold_pct="20", down_threshold_pct="20")

    assert command(*SHORT, "--json") == before


@pytest.mark.django_db
def test_a_second_replay_is_another_cell_and_says_the_same():
    first, second = command(*SHORT, "--json"), command(*SHORT, "--json")

    assert first == second
    assert list(Position.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert_books_agree()


@pytest.mark.django_db
def test_bundled_actions_are_stored_once_and_bars_not_at_all():
    command(*SHORT)
    counts = (Dividend.objects.count(), Split.objects.count())

    command(*SHORT)

    assert counts == (Dividend.objects.count(), Split.objects.count())
    assert counts[1] == 1


def test_two_fresh_replays_in_two_databases_have_one_digest(migrated, tmp_path):
    with scratch_database(tmp_path, migrated) as one, scratch_database(tmp_path, migrated) as other:
        runs = [scratch.start(*SHORT, "--json") for scratch in (one, other)]
        first, second = (finished(run) for run in runs)
        digests = [scratch.told("ledger_digest") for scratch in (one, other)]
        ids = [scratch.rows("SELECT id FROM positions_position") for scratch in (one, other)]

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    assert digests[0] == digests[1] != ""
    assert ids[0] != ids[1]


@pytest.mark.django_db
def test_other_settings_have_another_digest():
    empty = ledger_digest()
    command(*SHORT)
    usual = ledger_digest()
    command(*SHORT, "--set=up_threshold_pct=5")

    assert len({empty, usual, ledger_digest()}) == 3


def test_without_tables_it_says_what_to_do(tmp_path):
    with scratch_database(tmp_path) as scratch:
        done = scratch.run("replay", "IBM")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("CommandError:")
    assert "manage.py migrate" in done.stderr
