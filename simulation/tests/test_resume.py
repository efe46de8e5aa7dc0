"""Going on with a replay that was cut off; the kills themselves are in test_kill_and_resume.py."""

import pytest

from positions.ledger import ledger_digest
from positions.models import Event, JournalEntry, Position
from simulation.models import ReplayRun
from simulation.replay import ReplayOrder, continue_replay, latest_replay, start_replay
from simulation.setup import settings_from
from simulation.tests.builders import BOTH_FILLS, bring_in, command, day, make_history, start_of

pytestmark = pytest.mark.django_db

HISTORY = make_history(
    ["100", "104", "104", "108.5", "53", "51", "52.8"],
    opens=["100", "101", "104", "104", "54.2", "53", "51"],
    dividends=[(day(2), day(5), "0.5")],
    splits=[(day(4), 2, 1)],
)


class CutOff(Exception):
    """Stands for whatever ends the process between two bars."""


def order_of(fill):
    return ReplayOrder(history=HISTORY, start=start_of(HISTORY), settings=settings_from([]), fill=fill)


def told(position):
    """Return all that a cell's books say, but ids."""
    events = position.events.order_by("seq").values_list("type", "ts", "message")
    journal = position.journal.order_by("seq").values_list(
        "cause_kind", "at", "cash_after", "qty_after", "receivable_after"
    )
    return list(events), list(journal), position.state()


@pytest.mark.parametrize("fill", BOTH_FILLS)
def test_cut_off_after_every_bar_it_ends_in_the_same_books(fill):
    bring_in(HISTORY)
    order = order_of(fill)
    whole = start_replay(order)
    continue_replay(whole, order, lambda steps: None)
    pieces = start_replay(order)

    def cut_off_after_a_bar(steps):
        nonlocal calls
        calls += 1
        if calls == 2:  # the first call tells how far it was already
            raise CutOff

    for _ in HISTORY.bars:
        calls = 0
        with pytest.raises(CutOff):
            continue_replay(latest_replay(order), order, cut_off_after_a_bar)
    continue_replay(latest_replay(order), order, lambda steps: None)

    one, other = (Position.objects.get(pk=run.position_id) for run in (whole, pieces))
    assert told(one) == told(other)
    assert one.trades.count() == other.trades.count() >= 3


def test_resume_of_a_complete_replay_prints_it_and_adds_nothing():
    bring_in(HISTORY)
    printed = command("replay", "XYZ", "--json")
    before = (ledger_digest(), Event.objects.count(), JournalEntry.objects.count())

    assert command("replay", "XYZ", "--resume", "--json") == printed
    assert (ledger_digest(), Event.objects.count(), JournalEntry.objects.count()) == before


def test_resume_without_an_earlier_one_starts_from_the_first_bar():
    bring_in(HISTORY)

    resumed = command("replay", "XYZ", "--resume", "--json")

    assert resumed == command("simulate", "XYZ", "--json")


@pytest.mark.parametrize(
    "other",
    ["--qty=50", "--cash=1", "--to=2024-01-13", "--from=2024-01-09", "--fill=next_open", "--set=min_qty=1"],
)
def test_resume_goes_on_only_with_exactly_the_same_replay(other):
    bring_in(HISTORY)
    order = order_of(BOTH_FILLS[0])
    start_replay(order)

    command("replay", "XYZ", other, "--resume", "--json")

    assert Position.objects.count() == 2
    assert (
        ReplayRun.objects.get(last_date=None).position.events.filter(type="position_evaluated").count() == 0
    )
    assert command("replay", "XYZ", "--resume", "--json") == command("simulate", "XYZ", "--json")
    assert Position.objects.count() == 2


@pytest.mark.parametrize("fill", BOTH_FILLS)
def test_two_that_resume_the_same_replay_book_each_bar_once(fill):
    bring_in(HISTORY)
    order = order_of(fill)
    start_replay(order)
    one, other = latest_replay(order), latest_replay(order)

    continue_replay(one, order, lambda steps: None)
    told_once = told(Position.objects.get())
    continue_replay(other, order, lambda steps: None)

    assert told(Position.objects.get()) == told_once
