"""What the books can't keep, a simulation doesn't pretend to: it ends where a replay ends."""

import pytest
from django.core.management import CommandError

from dividends.models import Dividend
from positions.models import Position
from simulation.models import ReplayRun
from simulation.tests.builders import bring_in, command, day, make_history

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["simulate", "replay"])
def test_a_start_larger_than_the_books_is_refused_and_writes_nothing(name):
    with pytest.raises(CommandError, match=r"1,000,000,000 dollars"):
        command(name, "IBM", "--qty=9999999.5", "--to=2000-03-03")

    assert not Position.objects.exists()
    assert not Dividend.objects.exists()


@pytest.mark.parametrize("name", ["simulate", "replay"])
def test_a_split_into_more_shares_than_the_books_keep_ends_both(name):
    bring_in(make_history(["100", "100", "0.001"], splits=[(day(2), 100_000, 1)]))

    with pytest.raises(CommandError, match=r"10,000,000 shares"):
        command(name, "XYZ")

    assert ReplayRun.objects.filter(last_date=day(2)).count() == 0


@pytest.mark.parametrize("name", ["simulate", "replay"])
def test_buying_more_shares_than_the_books_keep_ends_both(name):
    bring_in(make_history(["100", "0.02", "0.02"]))

    with pytest.raises(CommandError, match=r"10,000,000 shares"):
        command(name, "XYZ", "--qty=9000000", "--cash=900000000")
