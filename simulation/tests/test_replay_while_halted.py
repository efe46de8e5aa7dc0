"""A replay of nothing would look like one of a strategy that never trades."""

import pytest
from django.core.management import CommandError

from accounts.transactions import unit_of_work
from orders.models import TradingState
from orders.switches import turn
from positions.models import Position
from positions.tests.builders import make_stamp
from simulation.tests.builders import command


@pytest.mark.django_db
def test_a_replay_does_not_begin_while_everyone_is_halted():
    with unit_of_work():
        turn(TradingState.HALTED, reason="drill", stamp=make_stamp())

    with pytest.raises(CommandError, match="Trading is HALTED for everyone: drill"):
        command("replay", "IBM", "--from", "2003-01-02", "--to", "2003-01-10")
    assert Position.objects.count() == 0
