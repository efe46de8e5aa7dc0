from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.errors import NotFound, OutsideUnitOfWork
from accounts.transactions import unit_of_work
from dividends.models import Receivable
from dividends.services import begin_day
from dividends.tests.builders import (
    EX_DATE,
    PAY_DATE,
    assert_books_agree,
    event_types,
    make_dividend,
    morning,
)
from market.calendar import open_of
from orders.cycle import evaluate, given_quote
from positions.models import Event, JournalEntry, Position, PositionStatus
from positions.services import close_position
from positions.tests.builders import make_position, make_stamp
from volbal.values import Action

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_the_ex_date_lowers_the_anchor_and_creates_a_receivable_of_the_net_amount():
    dividend = make_dividend("0.82")
    position = morning(make_position(anchor=150), EX_DATE)

    receivable = position.receivables.get()

    assert position.anchor_price == Decimal("149.18")
    assert (position.cash, position.qty) == (Decimal(10_000), Decimal(100))
    assert position.dividend_receivable == Decimal("61.5")
    assert receivable.dividend == dividend
    assert (receivable.shares, receivable.gross, receivable.tax, receivable.amount) == (
        Decimal(100),
        Decimal(82),
        Decimal("20.5"),
        Decimal("61.5"),
    )
    assert (receivable.status, receivable.paid_at, receivable.created_at) == (
        "pending",
        None,
        open_of(EX_DATE),
    )
    assert event_types(position) == ["ex_div_effective", "anchor_adjusted_for_dividend"]
    entry = position.journal.get(cause_kind="ex_dividend")
    assert (entry.cause_id, entry.receivable_delta, entry.cash_delta) == (
        str(receivable.pk),
        Decimal("61.5"),
        Decimal(0),
    )
    assert_books_agree()


@pytest.mark.lesson
def test_the_worked_dividend_numbers():
    """Dividend 0.82 on 100 shares, withholding 0.25: gross 82.00, tax 20.50, net 61.50; anchor 150 becomes
    149.18. 50.5 shares x 0.82 = 41.41."""
    make_dividend("0.82")
    whole, odd = make_position(qty=100, anchor=150), make_position(qty="50.5", anchor=150)

    assert morning(whole, EX_DATE).anchor_price == Decimal("149.18")
    morning(odd, EX_DATE)

    of_100, of_50 = whole.receivables.get(), odd.receivables.get()
    assert (of_100.gross, of_100.tax, of_100.amount) == (Decimal(82), Decimal("20.5"), Decimal("61.5"))
    assert (of_50.gross, of_50.tax, of_50.amount) == (
        Decimal("41.41"),
        Decimal("10.3525"),
        Decimal("31.0575"),
    )


@pytest.mark.lesson
def test_running_the_ex_date_twice_moves_the_anchor_once():
    """Running the ex-dividend twice moved the anchor twice."""
    make_dividend("0.82")
    position = make_position(anchor=150)
    morning(position, EX_DATE)
    before = (Event.objects.count(), JournalEntry.objects.count())

    again = morning(position, EX_DATE)
    days_later = morning(position, EX_DATE + DAY)

    assert again.anchor_price == days_later.anchor_price == Decimal("149.18")
    assert days_later.dividend_receivable == Decimal("61.5")
    assert Receivable.objects.count() == 1
    assert (Event.objects.count(), JournalEntry.objects.count()) == before


@pytest.mark.lesson
@pytest.mark.django_db(transaction=True)
def test_the_receivable_is_still_there_after_a_restart():
    """The receivable was 0 after a restart."""
    make_dividend("0.82")
    position = morning(make_position(anchor=150), EX_DATE)

    connection.close()
    found = Position.objects.get(pk=position.pk)

    assert found.dividend_receivable == Decimal("61.5")
    assert found.state().get_effective_cash() == Decimal("10061.5")
    assert morning(found, PAY_DATE).cash == Decimal("10061.5")
    assert_books_agree()


@pytest.mark.lesson
def test_a_dividend_of_four_keeps_a_cell_from_buying_at_96():
    """Dividend 4 on anchor 100: at 96 nothing happens (unadjusted it would have bought)."""
    make_dividend("4")
    adjusted, untouched = make_position(anchor=100), make_position(anchor=100)
    morning(adjusted, EX_DATE)
    quote, stamp = given_quote(Decimal(96), open_of(EX_DATE)), make_stamp(open_of(EX_DATE))

    with unit_of_work():
        held = evaluate(position_id=adjusted.pk, quote=quote, stamp=stamp)
        bought = evaluate(position_id=untouched.pk, quote=quote, stamp=stamp)

    assert (held.decision.action, held.order) == (Action.HOLD, None)
    assert bought.decision.action is Action.BUY


@pytest.mark.parametrize(
    ("positions_rate", "dividends_rate", "tax"),
    [
        (None, None, "20.5"),
        (None, "0.1", "8.2"),
        ("0.15", "0.1", "12.3"),
        ("0.15", None, "12.3"),
        (None, "0", "0"),
        ("0", "0.1", "0"),
        ("0", None, "0"),
        ("1", "0.1", "82"),
    ],
)
def test_the_positions_rate_goes_before_the_dividends_and_zero_is_a_rate(positions_rate, dividends_rate, tax):
    make_dividend("0.82", withholding=dividends_rate)
    position = make_position()
    position.withholding_tax_rate = None if positions_rate is None else Decimal(positions_rate)
    position.save(update_fields=["withholding_tax_rate"])

    after = morning(position, EX_DATE)

    assert after.receivables.get().tax == Decimal(tax)
    assert after.dividend_receivable == 82 - Decimal(tax)


@pytest.mark.parametrize(
    ("qty", "dps", "gross", "tax"),
    [
        ("0.5", "0.000001", "0", "0"),
        ("1.5", "0.000001", "0.000002", "0"),
        ("2.5", "0.000001", "0.000002", "0"),
        ("6", "0.000001", "0.000006", "0.000002"),
        ("2", "0.000001", "0.000002", "0"),
    ],
)
def test_gross_and_tax_are_each_rounded_half_even(qty, dps, gross, tax):
    make_dividend(dps)

    receivable = morning(make_position(qty=qty), EX_DATE).receivables.get()

    assert (receivable.gross, receivable.tax) == (Decimal(gross), Decimal(tax))
    assert receivable.amount == Decimal(gross) - Decimal(tax)


@pytest.mark.parametrize("anchor", ["0.82", "0.5"])
def test_an_anchor_that_would_reach_zero_becomes_none_and_the_position_is_paused(anchor):
    make_dividend("0.82")

    position = morning(make_position(anchor=anchor), EX_DATE)

    assert position.anchor_price is None
    assert position.status == PositionStatus.PAUSED
    assert position.dividend_receivable == Decimal("61.5")
    assert event_types(position) == ["ex_div_effective", "anchor_adjusted_for_dividend", "trading_paused"]
    assert_books_agree()


def test_an_anchor_a_millionth_above_the_dividend_stays():
    make_dividend("0.82")

    position = morning(make_position(anchor="0.820001"), EX_DATE)

    assert position.anchor_price == Decimal("0.000001")
    assert position.status == PositionStatus.ACTIVE


def test_a_cell_without_an_anchor_gets_its_dividend_and_stays_active():
    make_dividend("0.82")

    position = morning(make_position(anchor=None), EX_DATE)

    assert (position.anchor_price, position.status) == (None, PositionStatus.ACTIVE)
    assert position.dividend_receivable == Decimal("61.5")
    assert event_types(position) == ["ex_div_effective"]


def test_a_cell_without_shares_has_dealt_with_the_ex_date_too():
    make_dividend("0.82")
    position = morning(make_position(qty=0, anchor=150), EX_DATE)

    assert position.dividend_receivable == 0
    assert position.anchor_price == Decimal("149.18")
    assert morning(position, EX_DATE).anchor_price == Decimal("149.18")
    assert position.receivables.get().amount == 0


def test_the_day_before_the_ex_date_nothing_happens():
    make_dividend("0.82")

    position = morning(make_position(anchor=150), EX_DATE - DAY)

    assert (position.anchor_price, position.dividend_receivable) == (Decimal(150), Decimal(0))
    assert event_types(position) == []
    assert Receivable.objects.count() == 0


@pytest.mark.parametrize("ex_date", [date(2024, 1, 5), date(2024, 1, 8)])
def test_an_ex_date_on_or_before_the_opening_does_not_concern_the_position(ex_date):
    make_dividend("0.82", ex_date=ex_date, pay_date=EX_DATE)

    position = morning(make_position(anchor=150), PAY_DATE)

    assert (position.anchor_price, position.cash) == (Decimal(150), Decimal(10_000))
    assert Receivable.objects.count() == 0


def test_the_day_after_the_opening_is_the_first_that_counts():
    make_dividend("0.82", ex_date=date(2024, 1, 9))

    assert morning(make_position(anchor=150), date(2024, 1, 9)).anchor_price == Decimal("149.18")


def test_another_tickers_dividend_is_nothing_to_it():
    make_dividend("0.82", ticker="MSFT")

    position = morning(make_position(ticker="IBM", anchor=150), EX_DATE)

    assert position.anchor_price == Decimal(150)
    assert Receivable.objects.count() == 0


def test_an_ex_date_without_a_session_acts_on_the_next_morning_and_missed_ones_in_order():
    make_dividend("0.82", ex_date=date(2024, 1, 14), pay_date=PAY_DATE)  # a Sunday
    make_dividend("0.18", ex_date=date(2024, 1, 20), pay_date=PAY_DATE)  # a Saturday

    position = morning(make_position(anchor=150), date(2024, 1, 22))

    assert position.anchor_price == Decimal(149)
    assert [r.ex_date for r in position.receivables.order_by("ex_date")] == [
        date(2024, 1, 14),
        date(2024, 1, 20),
    ]
    anchors = position.events.filter(type="anchor_adjusted_for_dividend").order_by("seq")
    assert [event.outputs["anchor_price"] for event in anchors] == ["149.18", "149"]
    assert_books_agree()


def test_a_paused_cell_gets_its_dividend():
    make_dividend("0.82")
    position = make_position(anchor=150)
    position.status = PositionStatus.PAUSED
    position.save(update_fields=["status"])

    after = morning(position, EX_DATE)

    assert (after.anchor_price, after.status) == (Decimal("149.18"), PositionStatus.PAUSED)


def test_a_closed_cell_is_left_alone():
    make_dividend("0.82")
    position = make_position(anchor=150)
    with unit_of_work():
        close_position(position_id=position.pk, stamp=make_stamp())
    before = (Event.objects.count(), JournalEntry.objects.count())

    after = morning(position, PAY_DATE)

    assert (after.anchor_price, after.cash, after.dividend_receivable) == (
        Decimal(150),
        Decimal(10_000),
        Decimal(0),
    )
    assert Receivable.objects.count() == 0
    assert (Event.objects.count(), JournalEntry.objects.count()) == before


def test_an_unknown_position_is_not_found():
    with pytest.raises(NotFound), unit_of_work():
        begin_day(position_id=make_dividend().pk, on=EX_DATE, stamp=make_stamp())

    assert Receivable.objects.count() == 0


def test_it_refuses_to_run_outside_a_unit_of_work():
    make_dividend("0.82")
    position = make_position(anchor=150)

    with pytest.raises(OutsideUnitOfWork):
        begin_day(position_id=position.pk, on=EX_DATE, stamp=make_stamp())

    assert Receivable.objects.count() == 0
    assert Position.objects.get().anchor_price == Decimal(150)
