"""The demonstration: a user, a tenant and two cells of its own; it goes on, and it can begin again."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError
from django.utils import timezone

from accounts.models import Membership, Tenant, User
from accounts.transactions import unit_of_work
from dividends.models import Dividend, Split
from market.calendar import close_of
from market.models import Quote
from orders.models import Order
from orders.tests.builders import all_faults, everything_written, fresh
from orders.tests.scripted_broker import answer, scripted
from positions.models import Position
from positions.services import change_position
from positions.tests.builders import make_position, make_stamp, make_tenant
from simulation.demo import FIRST_DAY, LAST_DAY, NameTaken, NoDemo, renew_password, restart_demo, start_demo
from simulation.live_replay import advance, replay_state
from simulation.models import DrivenCell
from simulation.tests.builders import bring_in, command, cut, make_history
from simulation.tests.live import evaluated, play_until
from volbal.errors import Conflict, OrderOpen

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fast(settings):
    settings.DEMO_PACE_S = Decimal(0)


def start() -> str | None:
    return start_demo(now=timezone.now())


def restart() -> None:
    restart_demo(now=timezone.now())


def cells() -> list[Position]:
    return list(Position.objects.filter(tenant__name="demo").order_by("number"))


def test_it_opens_two_cells_at_the_first_close_for_a_user_of_its_own():
    password = start()

    assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", password)
    assert authenticate(username="demo", password=password) == User.objects.get()
    assert [(m.user.username, m.tenant.name, m.role) for m in Membership.objects.all()] == [
        ("demo", "demo", "owner")
    ]
    told = [(c.ticker, c.qty, c.cash, c.anchor_price, c.broker, c.market_provider) for c in cells()]
    assert told == [
        ("IBM", 100, Decimal(8057), Decimal("80.57"), "paper", "replay"),
        ("MSFT", 100, Decimal(5372), Decimal("53.72"), "paper", "replay"),
    ]
    assert {cell.opened_date for cell in cells()} == {FIRST_DAY}
    state = replay_state()
    assert (state.at, state.number, state.total) == (close_of(FIRST_DAY), 0, 2557)
    assert (state.day, state.is_running, state.is_finished) == (date(2003, 1, 2), True, False)
    assert date(2013, 3, 1) == LAST_DAY


def test_the_password_is_nowhere_but_in_the_hash(real_hashers):
    password = start()

    assert password not in User.objects.get().password
    assert User.objects.get().password.split("$")[0] in ("argon2", "pbkdf2_sha256")


def test_its_dividends_and_splits_are_its_own():
    stranger = make_position(make_tenant("other"))
    start()

    owners = set(Dividend.objects.values_list("owner__name", flat=True))
    assert owners | set(Split.objects.values_list("owner__name", flat=True)) == {"demo"}
    assert not Dividend.objects.seen_by(stranger.tenant_id).exists()
    assert not Split.objects.seen_by(stranger.tenant_id).exists()


def test_started_again_it_goes_on_where_it_was():
    start()
    play_until(date(2003, 1, 10))
    command("demo", "--stop")
    written = everything_written()

    assert start() is None
    assert everything_written() == written
    assert (replay_state().day, replay_state().is_running) == (date(2003, 1, 10), True)
    play_until(date(2003, 1, 14))
    assert evaluated(cells()[0])[:6] == [date(2003, 1, day) for day in (3, 6, 7, 8, 9, 10)]


def test_begun_again_it_has_new_cells_and_keeps_the_old_ones_closed():
    password = start()
    play_until(date(2003, 2, 10))
    old = cells()
    had = [evaluated(cell) for cell in old]
    balances = [(cell.qty, cell.cash, cell.dividend_receivable) for cell in old]

    restart()

    assert [(cell.number, cell.ticker, cell.status) for cell in cells()] == [
        (1, "IBM", "closed"),
        (2, "MSFT", "closed"),
        (3, "IBM", "active"),
        (4, "MSFT", "active"),
    ]
    assert {e.ts for cell in old for e in cell.events.filter(type="position_closed")} == {
        close_of(date(2003, 2, 10))
    }
    assert (replay_state().day, authenticate(username="demo", password=password)) == (
        FIRST_DAY,
        User.objects.get(),
    )
    play_until(date(2003, 3, 14))
    assert [evaluated(cell) for cell in old] == had
    assert [(c.qty, c.cash, c.dividend_receivable) for c in map(fresh, old)] == balances
    assert evaluated(cells()[2])[:1] == [date(2003, 1, 3)]
    assert cells()[2].events.filter(type="dividend_cash_received").count() == 1
    assert all_faults() == []


def test_begun_again_it_trades_the_same():
    start()
    play_until(date(2003, 1, 31))
    first = list(Order.objects.filter(position=cells()[0]).order_by("created_at").values_list("qty", "price"))
    restart()
    play_until(date(2003, 1, 31))

    again = Order.objects.filter(position=cells()[2]).order_by("created_at").values_list("qty", "price")
    assert (list(again), len(first) > 3) == (first, True)


def test_beginning_again_pauses_the_cells_of_others_that_followed_the_clock():
    start()
    other = make_position(make_tenant("other"), market_provider="replay", at=close_of(FIRST_DAY))
    elsewhere = make_position(make_tenant("other"))
    play_until(date(2003, 1, 10))
    had = evaluated(other)

    restart()
    play_until(date(2003, 1, 17))

    assert (fresh(other).status, fresh(elsewhere).status) == ("paused", "active")
    assert had
    assert evaluated(other) == had


def test_it_does_not_begin_again_while_a_broker_has_an_order_of_it(settings):
    with scripted(settings) as broker:
        start()
        with unit_of_work():
            change_position(position_id=cells()[0].pk, changes={"broker": "scripted"}, stamp=make_stamp())
        broker.says("open_orders", ())
        broker.says("executions_since", ())
        broker.says("holdings", None)
        broker.says("submit", answer("accepted"))
        while not broker.sent:
            advance()
        before = everything_written(), replay_state()

        with pytest.raises(OrderOpen):
            restart()

        assert (everything_written(), replay_state()) == before


@pytest.mark.parametrize("taken", ["user", "tenant"])
def test_a_name_that_somebody_has_is_left_to_them(taken):
    if taken == "user":
        User.objects.create_user("demo", password="theirs")
    else:
        make_tenant("demo")
    users, tenants = User.objects.count(), Tenant.objects.count()

    with pytest.raises(NameTaken):
        start()

    assert (User.objects.count(), Tenant.objects.count()) == (users, tenants)
    assert (replay_state(), Position.objects.count(), Dividend.objects.count()) == (None, 0, 0)


def test_with_imported_bars_it_goes_by_them_and_by_their_actions():
    bring_in(cut("IBM", "2003-01-02", "2003-01-31"))

    start()

    assert not Dividend.objects.filter(owner__name="demo", ticker="IBM").exists()
    assert Dividend.objects.seen_by(cells()[0].tenant_id).filter(ticker="IBM").exists()


def test_imported_bars_without_its_first_day_stop_it_from_beginning():
    bring_in(make_history(["100", "101"], ticker="IBM"))

    with pytest.raises(Conflict):
        start()

    assert (User.objects.count(), replay_state(), Position.objects.count()) == (0, None, 0)


def test_a_new_password_replaces_the_old_one():
    old = start()

    new = renew_password()

    assert authenticate(username="demo", password=old) is None
    assert authenticate(username="demo", password=new) is not None


def test_without_a_demo_there_is_nothing_to_do():
    for act in (restart, renew_password):
        with pytest.raises(NoDemo):
            act()
    with pytest.raises(CommandError, match="up --demo starts it"):
        command("demo")
    assert not DrivenCell.objects.exists()


def test_the_command_says_where_it_is_and_changes_its_pace():
    start()
    play_until(date(2003, 1, 3))

    assert command("demo") == "The replay runs: it is at the close of 2003-01-03, day 1 of 2557.\n"
    assert command("demo", "--stop").startswith("The replay stands still: it is at the close of 2003-01-03")
    assert command("demo", "--go-on").startswith("The replay runs")
    command("demo", "--pace", "2.5")
    assert advance() in (0, 2)
    with pytest.raises(CommandError, match="pace"):
        command("demo", "--pace", "-1")


def test_the_command_gives_a_new_password_and_begins_again():
    start()
    play_until(date(2003, 1, 10))

    said = command("demo", "--new-password")
    password = re.search(r"the password is now (\S+)", said)[1]
    assert authenticate(username="demo", password=password) is not None
    assert command("demo", "--restart").startswith("The replay runs: it is at the close of 2003-01-02, day 0")


def test_its_prices_are_marked_as_replayed():
    start()
    play_until(date(2003, 1, 10))

    events = cells()[0].events.filter(type="position_evaluated")
    assert {event.inputs["quote"]["source"] for event in events} == {"replay"}
    assert {event.inputs["quote"]["is_real"] for event in events} == {False}
    assert not Quote.objects.exists()
