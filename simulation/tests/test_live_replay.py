"""The live replay: every day happens to every cell once, and the clock waits for all of them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError

from accounts.tests.threads import at_once
from accounts.transactions import unit_of_work
from alerts.models import Alert, AlertKind
from dividends.imports import import_actions
from market.bundled_history import bundled_history
from market.calendar import close_of, next_session, open_of
from market.models import ReplayClock
from market.providers.registry import provider
from market.replay_clock import let_run
from orders.brokers.base import NoAnswer
from orders.brokers.paper import PaperBroker
from orders.hand_orders import submit_order
from orders.models import Order
from orders.tests.builders import all_faults, events_of, everything_written, fresh
from orders.tests.scripted_broker import WallClock, answer, execution, scripted
from positions.ledger import ledger_digest
from positions.models import Position
from positions.services import close_position, resume
from positions.tests.builders import make_position, make_stamp
from simulation import live_replay
from simulation.live_replay import MOST_FAILURES, advance, replay_state
from simulation.models import DrivenCell
from simulation.tests.builders import command
from simulation.tests.live import evaluated, make_cell, make_clock, play_until
from volbal.values import Side

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, SECOND = date(2003, 1, 2), date(2003, 1, 3)


def days_after_first(count: int) -> list[date]:
    days, day = [], FIRST
    for _ in range(count):
        day = next_session(day).date
        days.append(day)
    return days


def tell_actions() -> None:
    with unit_of_work():
        for ticker in ("IBM", "MSFT"):
            import_actions(bundled_history(ticker), stamp=make_stamp())


def clock_day() -> date:
    return ReplayClock.objects.get().day


def test_each_day_happens_once_and_in_order():
    make_clock()
    cells = make_cell(), make_cell("MSFT", "53.72")

    play_until(days_after_first(10)[-1])
    advance()

    for cell in cells:
        assert evaluated(cell)[:10] == days_after_first(10)
        assert len(evaluated(cell)) in (10, 11)
    assert all_faults() == []


def test_ibms_dividend_comes_at_day_24_msfts_split_at_31_and_its_dividend_at_32():
    make_clock()
    tell_actions()
    cells = {"IBM": make_cell(), "MSFT": make_cell("MSFT", "53.72")}

    play_until(days_after_first(34)[-1])

    days = days_after_first(34)
    told = [
        (cell.ticker, event.type, days.index(event.ts.date()) + 1, event.ts == open_of(event.ts.date()))
        for cell in cells.values()
        for event in cell.events.filter(type__in=["ex_div_effective", "split_applied"]).order_by("seq")
    ]
    assert told == [
        ("IBM", "ex_div_effective", 24, True),
        ("MSFT", "split_applied", 31, True),
        ("MSFT", "ex_div_effective", 32, True),
    ]


def test_it_trades_as_a_replay_in_one_go_does():
    make_clock()
    tell_actions()
    cell = make_cell(cash="8057")

    play_until(date(2003, 2, 20))
    batch = command("replay", "IBM", "--from", "2003-01-02", "--to", "2003-02-19", "--json")

    live = [
        [trade.executed_at.date().isoformat(), trade.side, trade.qty, trade.price]
        for trade in cell.trades.filter(executed_at__lte=close_of(date(2003, 2, 19))).order_by("executed_at")
    ]
    told = [
        [trade["date"], trade["side"], Decimal(trade["qty"]), Decimal(trade["price"])]
        for trade in json.loads(batch)["trades"]
    ]
    assert live == told
    assert len(live) > 5


def test_a_day_comes_when_the_pace_says_so():
    wall = WallClock()
    make_clock(pace_s="1.5")
    cell = make_cell()

    assert advance(wall=wall) == 0
    wall.pass_by(1.5)
    assert (advance(wall=wall), clock_day(), evaluated(cell)) == (1, SECOND, [])
    assert (advance(wall=wall), clock_day(), evaluated(cell)) == (1, SECOND, [SECOND])
    wall.pass_by(1.4)
    assert (advance(wall=wall), clock_day()) == (0, SECOND)


def test_after_a_long_stop_it_does_not_hurry():
    wall = WallClock()
    make_clock(pace_s=1)
    wall.pass_by(3600)

    steps = sum(advance(wall=wall) for _ in range(10))

    assert (steps, clock_day()) == (2, days_after_first(2)[-1])


def test_standing_still_it_does_nothing():
    make_clock()
    make_cell()
    with unit_of_work():
        let_run(False, now=WallClock()())
    written = everything_written()

    assert advance(for_s=10) == 0
    assert (everything_written(), replay_state().is_running) == (written, False)


def test_without_a_clock_there_is_nothing_to_do():
    assert (advance(for_s=10), replay_state()) == (0, None)


def test_workers_at_once_play_each_day_once():
    make_clock()
    cells = [make_cell() for _ in range(3)]
    last = days_after_first(12)[-1]

    at_once([lambda: play_until(last)] * 4)

    for cell in cells:
        days = evaluated(cell)
        assert days == sorted(set(days))
        assert days[:11] == days_after_first(11)
    assert all_faults() == []


class Dying(PaperBroker):
    """Dies in the middle of an order, like the process that it runs in; the second time it doesn't."""

    name = "dying"
    died = False

    def submit(self, order, *, at):
        if not Dying.died:
            Dying.died = True
            raise SystemExit
        return super().submit(order, at=at)


def test_a_worker_that_dies_in_the_middle_of_a_day_has_done_nothing_of_it(settings):
    settings.BROKERS = {**settings.BROKERS, "dying": f"{__name__}.Dying"}
    make_clock()
    cell = make_cell(broker="dying")
    with pytest.raises(SystemExit):
        play_until(days_after_first(20)[-1])
    had, written = clock_day(), everything_written()

    assert DrivenCell.objects.get().done_date < had
    assert evaluated(cell) == [day for day in days_after_first(20) if day < had]
    assert everything_written() == written

    play_until(days_after_first(20)[-1])

    assert evaluated(cell)[:19] == days_after_first(19)
    assert Order.objects.exclude(status="filled").count() == 0


@pytest.fixture
def broker(settings):
    with scripted(settings) as found:
        settings.BROKER_ASK_S = 0
        found.says("open_orders", ())
        found.says("executions_since", ())
        found.says("holdings", None)
        yield found


def test_the_clock_waits_until_no_broker_has_an_order(broker):
    make_clock()
    slow, quick = make_cell(broker="scripted"), make_cell(cash=500)
    broker.says("submit", answer("accepted"))
    broker.says("get", NoAnswer("timeout"), NoAnswer("timeout"))
    while not broker.sent:
        advance()
    day, order = clock_day(), Order.objects.get(position=slow)

    while broker.queues["get"]:
        advance()
    assert (clock_day(), evaluated(slow)[-1], evaluated(quick)[-1]) == (day, day, day)
    assert Order.objects.open().get() == order

    broker.says("get", answer("filled", execution(order)))
    while broker.queues["get"]:
        advance()

    assert fresh(order).status == "filled"
    assert clock_day() == next_session(day).date
    assert {event.ts for event in slow.events.filter(type="order_filled")} == {close_of(day)}


def test_a_proposal_holds_nothing_up_and_expires_with_its_session():
    make_clock()
    cell = make_cell(broker="manual")

    play_until(days_after_first(20)[-1])

    first = Order.objects.filter(position=cell).order_by("created_at").first()
    assert first.status == "expired"
    assert evaluated(cell)[:19] == days_after_first(19)
    assert "duplicate" not in {
        event.outputs["decision"]["reason"] for event in cell.events.filter(type="position_evaluated")
    }


def test_an_order_that_came_by_hand_is_waited_for_before_the_next_evaluation(broker):
    make_clock()
    cell = make_cell(broker="scripted")
    with unit_of_work():
        quote = provider("replay").close_quote("IBM", FIRST)
        order = submit_order(
            position_id=cell.pk,
            side=Side.SELL,
            qty=Decimal(2),
            quote=quote,
            stamp=make_stamp(close_of(FIRST)),
        )
    broker.says("submit", answer("filled", execution(order)))

    advance()

    assert (fresh(order).status, fresh(order).trading_date, evaluated(cell)) == ("filled", FIRST, [])


def test_at_its_last_day_it_stops_and_says_so():
    last = days_after_first(3)[-1]
    make_clock(last=last)
    cell = make_cell()

    advance(for_s=5)
    written = everything_written()

    state = replay_state()
    assert (state.at, state.number, state.total) == (close_of(last), 3, 3)
    assert (state.is_running, state.is_finished) == (False, True)
    assert state.in_words() == "The replay is over: 2003-01-07 was its last day."
    assert evaluated(cell) == days_after_first(3)
    with unit_of_work():
        let_run(True, now=WallClock()())
    assert (advance(for_s=5), everything_written()) == (0, written)


def test_a_cell_opened_on_the_way_takes_part_from_the_next_day_on():
    make_clock()
    play_until(SECOND)
    joined = make_position(market_provider="replay", at=close_of(SECOND))
    elsewhere = make_position(at=close_of(SECOND))

    play_until(days_after_first(4)[-1])

    assert evaluated(joined)[:2] == days_after_first(4)[1:3]
    assert evaluated(elsewhere) == []


def test_a_closed_cell_is_evaluated_no_more_but_gets_what_it_was_owed():
    make_clock()
    tell_actions()
    cell = make_cell()
    play_until(date(2003, 2, 7))
    advance()
    with unit_of_work():
        close_position(position_id=cell.pk, stamp=make_stamp())
    owed = fresh(cell).dividend_receivable
    cash = fresh(cell).cash

    play_until(date(2003, 3, 12))

    assert owed > 0
    assert (fresh(cell).dividend_receivable, fresh(cell).cash) == (0, cash + owed)
    assert evaluated(cell)[-1] <= date(2003, 2, 10)


def test_the_cells_of_a_replay_in_one_go_are_left_alone():
    command("replay", "IBM", "--from", "2003-01-02", "--to", "2003-01-15", "--json")
    digest = ledger_digest()
    make_clock()

    play_until(days_after_first(20)[-1])

    assert (ledger_digest(), DrivenCell.objects.count()) == (digest, 0)


def make_broken_and_sound():
    """Open a cell that can't be played beside one that can, and go on until both are driven."""
    make_clock()
    play_until(SECOND)
    advance()
    broken, sound = make_cell(broker="nobody"), make_cell()
    while clock_day() < days_after_first(2)[-1]:
        advance()
    return broken, sound


def test_a_cell_that_fails_a_few_times_is_waited_for(caplog):
    broken, sound = make_broken_and_sound()
    day = clock_day()
    for _ in range(MOST_FAILURES - 1):
        advance()
    assert clock_day() == day
    assert "replayed_day_failed" in caplog.text
    assert (evaluated(broken), evaluated(sound)[-1:]) == ([], [day])

    Position.objects.filter(pk=broken.pk).update(broker="paper")
    play_until(days_after_first(4)[-1])

    assert evaluated(broken)[0] == day
    assert DrivenCell.objects.get(position=broken).failures == 0
    assert not events_of(broken, "trading_paused")


def test_a_cell_that_fails_again_and_again_is_paused_and_the_clock_goes_on_without_it():
    broken, sound = make_broken_and_sound()
    day = clock_day()

    for _ in range(MOST_FAILURES):
        advance()
    play_until(days_after_first(6)[-1])

    (event,) = events_of(broken, "trading_paused")
    assert f"the replay of {day} failed {MOST_FAILURES} times" in event.message
    assert Alert.objects.filter(kind=AlertKind.PAUSE, position_id=broken.pk).count() == 1
    assert evaluated(broken) == []
    assert evaluated(sound)[-1] == days_after_first(5)[-1]
    assert replay_state().is_running


def resume_cell(cell):
    with unit_of_work():
        resume(Position.objects.lock(cell.pk), stamp=make_stamp(open_of(clock_day())))


def test_a_cell_that_is_resumed_gets_one_more_try_and_then_takes_part_again():
    broken, _ = make_broken_and_sound()
    for _ in range(MOST_FAILURES):
        advance()
    resume_cell(broken)
    advance()
    assert len(events_of(broken, "trading_paused")) == 2

    Position.objects.filter(pk=broken.pk).update(broker="paper")
    resume_cell(broken)
    play_until(days_after_first(8)[-1])

    assert evaluated(broken)[-1] == days_after_first(7)[-1]
    assert DrivenCell.objects.get(position=broken).failures == 0


def test_a_database_in_trouble_is_no_cells_failure(monkeypatch):
    cell, _ = make_broken_and_sound()
    Position.objects.filter(pk=cell.pk).update(broker="paper")
    before = DrivenCell.objects.get(position=cell).failures

    def locked(*_args, **_options):
        raise OperationalError("database is locked")

    monkeypatch.setattr(live_replay, "begin_day", locked)
    for _ in range(MOST_FAILURES + 1):
        advance()

    assert DrivenCell.objects.get(position=cell).failures == before
    assert not events_of(cell, "trading_paused")


def test_a_ticker_without_a_bar_of_the_day_is_not_evaluated():
    make_clock()
    cell = make_cell("NOPE", "10")

    play_until(days_after_first(3)[-1])

    assert evaluated(cell) == []
    assert DrivenCell.objects.get().done_date > FIRST


def test_a_day_of_an_earlier_run_is_not_played():
    make_clock()
    cell = make_cell()
    play_until(SECOND)
    make_clock()

    play_until(days_after_first(5)[-1] - timedelta(days=1))

    assert evaluated(cell) == []
