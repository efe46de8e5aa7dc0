"""The nightly check: it finds faults, no others, and halts on them, while trading goes on."""

from __future__ import annotations

from decimal import Decimal
from threading import Event as Flag
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.one_moment import one_moment
from accounts.transactions import unit_of_work
from alerts.models import Alert
from market.providers.registry import provider
from orders.models import TradingSwitch
from orders.tests.builders import fill, make_order
from positions.models import Position
from positions.services import move_cash
from positions.tests.builders import make_position, make_stamp
from volbal_site.books import audit_faults, check_books, ledger_faults

pytestmark = pytest.mark.django_db


def spoil(position):
    """Change a balance behind the books' back."""
    Position.objects.filter(pk=position.pk).update(cash=position.cash + 1)


def test_books_in_order_halt_nobody(capsys):
    fill(make_order(make_position()))
    call_command("check_books")

    assert capsys.readouterr().out == "The books are in order.\n"
    assert not TradingSwitch.objects.exists()


def test_a_fault_is_named_and_halts_everyone(capsys):
    position = make_position()
    spoil(position)

    with pytest.raises(CommandError, match=r"1 faults found\."):
        call_command("check_books")
    assert f"Position {position.pk}" in capsys.readouterr().out
    assert TradingSwitch.objects.get().state == "HALTED"
    told = Alert.objects.get(kind="check")
    assert (told.tenant_id, str(position.pk) in told.message) == (None, False)


def test_a_fault_on_replayed_history_halts_too():
    spoil(make_position(market_provider="replay"))
    assert len(check_books(stamp=make_stamp())) == 1
    assert TradingSwitch.objects.get().scope == "GLOBAL"


@pytest.mark.django_db(transaction=True)
def test_reads_of_one_moment_see_none_of_what_is_written_meanwhile():
    position = make_position(cash=1000)

    def deposit():
        with unit_of_work():
            move_cash(position_id=position.pk, amount=Decimal(5), stamp=make_stamp())
        connection.close()

    with one_moment():
        before = Position.objects.get(pk=position.pk).cash
        writer = Thread(target=deposit)
        writer.start()
        writer.join(timeout=10)
        assert not writer.is_alive(), "it had to wait for a reader"
        assert Position.objects.get(pk=position.pk).cash == before == 1000
    assert Position.objects.get(pk=position.pk).cash == 1005


@pytest.mark.django_db(transaction=True)
def test_checks_find_nothing_while_money_moves():
    positions = [make_position() for _ in range(5)]
    enough = Flag()

    def keep_moving():
        try:
            while not enough.is_set():
                for position in positions:
                    with unit_of_work():
                        move_cash(position_id=position.pk, amount=Decimal(1), stamp=make_stamp())
        finally:
            connection.close()

    mover = Thread(target=keep_moving)
    mover.start()
    try:
        found = []
        for _ in range(10):
            with one_moment():
                found.extend([*ledger_faults(), *audit_faults()])
    finally:
        enough.set()
        mover.join()
    assert found == []


def test_every_provider_of_confirmed_prices_is_named_as_replayed(settings):
    confirmed = {name for name in settings.MARKET_PROVIDERS if provider(name).is_confirmed}
    assert confirmed <= set(settings.REPLAYED_PROVIDERS)
