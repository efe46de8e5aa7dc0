"""No decision up to a day depends on what comes after it; and the check notices one that does."""

from dataclasses import replace

import pytest

from market.bundled_history import bundled_history
from simulation import look_ahead
from simulation.look_ahead import checked_days, peeks, with_noise_after
from simulation.setup import FillModel, Settings
from simulation.tests.builders import BOTH_FILLS, command, cut, start_of

SPAN = ("2002-06-03", "2004-12-31")


@pytest.mark.parametrize("fill", BOTH_FILLS)
@pytest.mark.parametrize("ticker", ["IBM", "MSFT"])
def test_nothing_looks_ahead(ticker, fill):
    history = cut(ticker, *SPAN)

    assert peeks(history, start_of(history), Settings(), fill, days=checked_days(history, 10), seed=1) == []


def test_noise_leaves_everything_up_to_its_day_and_nothing_after():
    history = cut("MSFT", *SPAN)
    day = history.bars[100].date

    noisy = with_noise_after(history, day, 3)

    assert noisy.bars[:101] == history.bars[:101]
    assert all(a.close != b.close for a, b in zip(noisy.bars[101:105], history.bars[101:105], strict=True))
    assert [bar.date for bar in noisy.bars] == [bar.date for bar in history.bars]


@pytest.mark.parametrize("ticker", ["IBM", "MSFT"])
def test_a_dozen_years_of_noise_make_nobody_too_rich_for_the_books(ticker):
    history = bundled_history(ticker)
    days = [history.bars[0].date, *checked_days(history, 3)]

    assert peeks(history, start_of(history), Settings(), FillModel.NEXT_OPEN, days=days, seed=7) == []


def test_one_that_looks_ahead_is_noticed(monkeypatch):
    history = cut("IBM", *SPAN)
    honest = look_ahead.simulate

    def cheat(history, start, settings, fill):
        shifted = [replace(b, close=n.close) for b, n in zip(history.bars, history.bars[1:], strict=False)]
        return honest(replace(history, bars=(*shifted, history.bars[-1])), start, settings, fill)

    monkeypatch.setattr(look_ahead, "simulate", cheat)

    days = checked_days(history, 40)
    assert peeks(history, start_of(history), Settings(), FillModel.CLOSE, days=days, seed=1)


@pytest.mark.django_db
def test_the_command_says_so():
    printed = command("check_look_ahead", "IBM", "--to=2001-03-01", "--days=5")

    assert printed.startswith("5 days: no decision")
