"""Trading that stops by itself, and goes on only when a person says so."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from accounts.errors import NotFound
from accounts.tests.threads import at_once
from accounts.transactions import unit_of_work
from alerts.models import Alert, Fault
from configs.tests.builders import set_position
from orders.breakers import note_broker_error, note_check_of_books, note_evaluation_error
from orders.hand_orders import submit_order
from orders.models import Order, TradingState, TradingSwitch
from orders.switches import tighten, turn
from orders.tests.builders import events_of, fresh, run_at, set_market
from positions.models import Event
from positions.services import change_position, set_anchor
from positions.tests.builders import OPENED_AT, everything_written, make_position, make_stamp, make_tenant
from volbal.values import MarketQuote, Side

pytestmark = pytest.mark.django_db


def minutes(count):
    return OPENED_AT + timedelta(minutes=count)


def make_cell(**options):
    """A cell that buys exactly 10 at 97 whenever its anchor is 100."""
    position = make_position(cash=100_000, qty=1000, **options)
    set_position(position, "order_policy", lot_size="10", qty_step="1", rebalance_ratio="0.17")
    set_position(position, "guardrail", max_orders_per_day="none")
    return position


def buy_again(position, at, price=None):
    """Have the rules buy at 97, on the market or at a given price."""
    with unit_of_work():
        set_anchor(position_id=position.pk, price=Decimal(100), stamp=make_stamp(at))
    set_market(97, at=at)
    return run_at(position, price, at)


def resumed(position, at):
    with unit_of_work():
        change_position(position_id=position.pk, changes={"status": "active"}, stamp=make_stamp(at))


def sizes(position):
    return [plain_qty for plain_qty in Order.objects.filter(position=position).values_list("qty", flat=True)]


def test_the_third_same_order_in_ten_minutes_pauses_the_position():
    position = make_cell()
    for at in (0, 5):
        buy_again(position, minutes(at))
    assert fresh(position).status == "active"
    buy_again(position, minutes(10))

    assert sizes(position) == [10, 10, 10]
    assert fresh(position).status == "paused"
    (event,) = events_of(position, "trading_paused")
    assert event.actor == "breaker"
    assert event.message == "Paused: breaker: the same order again and again (BUY 10, 3 within 10 minutes)"
    assert Alert.objects.filter(kind="pause").count() == 1
    assert buy_again(position, minutes(11)).decision.reason == "paused"


def test_three_in_eleven_minutes_are_nothing():
    position = make_cell()
    for at in (0, 5, 11):
        buy_again(position, minutes(at))
    assert fresh(position).status == "active"


def test_when_a_person_lets_it_go_on_it_counts_anew():
    position = make_cell()
    for at in (0, 1, 2):
        buy_again(position, minutes(at))
    resumed(position, minutes(3))

    for at in (4, 5):
        buy_again(position, minutes(at))
    assert fresh(position).status == "active"
    buy_again(position, minutes(6))
    assert fresh(position).status == "paused"


def test_other_positions_orders_do_not_count():
    position, other = make_cell(), make_cell()
    for at in (0, 1):
        buy_again(position, minutes(at))
        buy_again(other, minutes(at))
    assert {fresh(position).status, fresh(other).status} == {"active"}


def test_prices_that_somebody_gave_and_orders_by_hand_trip_nothing():
    position = make_cell()
    for at in (0, 1, 2, 3):
        buy_again(position, minutes(at), price=97)
    by_hand = make_cell()
    for at in (0, 1, 2, 3):
        with unit_of_work():
            submit_order(
                position_id=by_hand.pk,
                side=Side.BUY,
                qty=Decimal(10),
                quote=MarketQuote(price=Decimal(100), as_of=minutes(at), source="static"),
                stamp=make_stamp(minutes(at)),
            )

    assert [len(sizes(position)), len(sizes(by_hand))] == [4, 4]
    assert {fresh(position).status, fresh(by_hand).status} == {"active"}


def test_replayed_history_trips_nothing(settings):
    settings.MARKET_PROVIDERS = {**settings.MARKET_PROVIDERS, "bars": "orders.tests.test_breakers.Bars"}
    position = make_cell(market_provider="bars")
    for at in (0, 1, 2, 3):
        buy_again(position, minutes(at))
    with unit_of_work():
        for _ in range(9):
            note_broker_error(broker="paper", position_id=position.pk, stamp=make_stamp())
            note_evaluation_error(position_id=position.pk, stamp=make_stamp())

    assert sizes(position) == [10, 10, 10, 10]
    assert fresh(position).status == "active"
    assert not TradingSwitch.objects.exists()
    assert not Fault.objects.exists()


class Bars:
    """Stored history at 97."""

    name = "bars"
    is_confirmed = True
    is_live = False

    def latest_quotes(self, tickers):
        return {ticker: MarketQuote(price=Decimal(97), source="bars") for ticker in tickers}


def test_a_breaker_can_be_turned_off(settings):
    settings.BREAKER_SAME_ORDERS = 0
    position = make_cell()
    for at in (0, 1, 2, 3):
        buy_again(position, minutes(at))
    assert fresh(position).status == "active"


def failed(position, at=0, broker="alpaca"):
    with unit_of_work():
        return note_broker_error(
            broker=broker, position_id=position and position.pk, stamp=make_stamp(minutes(at))
        )


def test_five_errors_of_a_broker_in_five_minutes_halt_the_tenant():
    position, theirs = make_position(), make_position(make_tenant("other"))

    assert [failed(position, at) for at in (0, 1, 2, 3)] == [False] * 4
    assert not failed(theirs, 3)
    assert not failed(position, 3, broker="other")
    assert failed(position, 5)

    (switch,) = TradingSwitch.objects.all()
    assert (switch.tenant_id, switch.state, switch.actor) == (position.tenant_id, "HALTED", "breaker")
    assert switch.reason == "breaker: too many errors of alpaca (5 within 5 minutes)"
    assert run_at(position, 97, minutes(5)).decision.reason == "halted"
    assert run_at(theirs, 97, minutes(5)).decision.action == "BUY"


def test_errors_that_are_nobodys_halt_everyone():
    assert [failed(None) for _ in range(5)] == [False] * 4 + [True]
    assert TradingSwitch.objects.get().scope == "GLOBAL"


def test_errors_far_apart_halt_nobody():
    position = make_position()
    assert not any(failed(position, at) for at in range(0, 40, 2))


def test_after_a_halt_errors_are_counted_anew():
    position = make_position()
    assert [failed(position) for _ in range(5)][-1]
    with unit_of_work():
        turn(TradingState.ACTIVE, reason="it is back", tenant_id=position.tenant_id, stamp=make_stamp())

    assert [failed(position) for _ in range(5)] == [False] * 4 + [True]


@pytest.mark.django_db(transaction=True)
def test_of_five_errors_at_once_one_halts():
    position = make_position()
    assert sorted(at_once([partial(failed, position)] * 5)) == [False] * 4 + [True]
    assert TradingSwitch.objects.get().state == "HALTED"
    assert Event.objects.filter(type="trading_halted").count() == 1


def test_a_breaker_never_allows_more_than_a_person_did():
    position = make_position()
    with unit_of_work():
        turn(TradingState.HALTED, reason="by hand", position_id=position.pk, stamp=make_stamp())
        tighten(TradingState.REDUCING, reason="breaker", position_id=position.pk, stamp=make_stamp())
    assert (TradingSwitch.objects.get().state, TradingSwitch.objects.get().reason) == ("HALTED", "by hand")


def test_three_failed_evaluations_in_ten_minutes_pause_the_position():
    position, other = make_position(), make_position()

    def evaluated_wrongly(at, which=position):
        with unit_of_work():
            return note_evaluation_error(position_id=which.pk, stamp=make_stamp(minutes(at)))

    assert [evaluated_wrongly(0), evaluated_wrongly(0, other), evaluated_wrongly(11)] == [False] * 3
    assert [evaluated_wrongly(20), evaluated_wrongly(21)] == [False, True]
    assert (fresh(position).status, fresh(other).status) == ("paused", "active")
    assert events_of(position, "trading_paused")[0].message == (
        "Paused: breaker: too many failed evaluations (3 within 10 minutes)"
    )


def test_errors_are_kept_for_a_day():
    position = make_position()
    failed(position, 0)
    failed(position, 24 * 60 + 1)
    assert Fault.objects.count() == 1


def test_an_error_of_no_position_at_all_is_not_counted():
    for note in (partial(note_broker_error, broker="alpaca"), note_evaluation_error):
        with pytest.raises(NotFound), unit_of_work():
            note(position_id=make_tenant().pk, stamp=make_stamp())
    assert not Fault.objects.exists()


def bought_and_fallen(settings, limit="1", price=90):
    """A cell that bought 10 at 97 on the market and is looked at again at `price`."""
    settings.BREAKER_DAY_LOSS_PCT = Decimal(limit)
    position = make_position()
    set_market(97)
    assert run_at(position, None).decision.action == "BUY"
    set_market(price, at=minutes(1))
    return position


def test_a_days_trading_that_lost_too_much_lets_the_position_only_sell(settings):
    position = bought_and_fallen(settings, limit="0.1")

    assert run_at(position, None, minutes(1)).decision.reason == "reducing"
    switch = TradingSwitch.objects.get()
    assert (switch.position, switch.state, switch.actor) == (position, "REDUCING", "breaker")
    assert switch.reason.startswith("breaker: today's trading has lost ")
    assert Alert.objects.filter(kind="halt", position_id=position.pk).count() == 1


@pytest.mark.parametrize(("limit", "price"), [("0", 90), ("10", 90), ("0.1", 98)])
def test_it_goes_on_without_a_limit_within_it_and_when_trading_gained(settings, limit, price):
    position = bought_and_fallen(settings, limit, price)
    run_at(position, None, minutes(1))
    assert not TradingSwitch.objects.exists()


def test_when_a_person_lets_it_buy_again_only_later_trades_count(settings):
    position = bought_and_fallen(settings, limit="0.1")
    run_at(position, None, minutes(1))
    with unit_of_work():
        turn(TradingState.ACTIVE, reason="I know", position_id=position.pk, stamp=make_stamp(minutes(2)))

    set_market(90, at=minutes(3))
    assert run_at(position, None, minutes(3)).decision.action == "BUY"


def test_yesterdays_trades_are_not_todays_loss(settings):
    position = bought_and_fallen(settings, limit="0.1")
    tomorrow = minutes(24 * 60)
    set_market(90, at=tomorrow)
    assert run_at(position, None, tomorrow).decision.action == "BUY"


def test_a_given_price_is_no_loss(settings):
    position = bought_and_fallen(settings, limit="0.1")
    assert run_at(position, 90, minutes(1)).decision.action == "BUY"


def checked(faults, at=0):
    with unit_of_work():
        note_check_of_books(faults=faults, stamp=make_stamp(minutes(at)))


def test_any_fault_in_the_books_halts_everyone_and_is_told_until_there_is_none():
    position = make_position()
    checked(0)
    assert run_at(position, 97).decision.action == "BUY"
    checked(2, at=1)
    checked(2, at=2)

    switch = TradingSwitch.objects.get()
    assert (switch.scope, switch.state) == ("GLOBAL", "HALTED")
    assert switch.reason == "breaker: the check of the books found 2 faults"
    waiting = Alert.objects.waiting().values_list("kind", "message")
    assert sorted(waiting) == [
        ("check", "The check of the books found 2 faults; manage.py check_books names them."),
        ("halt", "Trading is halted: breaker: the check of the books found 2 faults"),
    ]
    checked(0, at=3)
    assert [alert.kind for alert in Alert.objects.waiting()] == ["halt"]
    assert TradingSwitch.objects.get().state == "HALTED", "only a person goes on"


def test_what_trips_nothing_writes_nothing():
    make_position()
    before = everything_written()
    checked(0)
    assert (everything_written(), Alert.objects.count()) == (before, 0)
