"""A tenant's own word on a dividend, and which of its cells take it at once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.errors import NotFound, OutsideUnitOfWork
from accounts.models import Tenant
from accounts.transactions import unit_of_work
from dividends.announcements import announce_dividend
from dividends.errors import DividendConflict
from dividends.models import Dividend, Receivable
from dividends.tests.builders import (
    EX_DATE,
    PAY_DATE,
    all_written,
    announced,
    assert_books_agree,
    event_types,
    make_dividend,
    make_open_order,
    make_split,
    morning,
)
from orders.models import Order
from positions.models import Event, Position, PositionStatus
from positions.services import close_position
from positions.tests.builders import make_position, make_stamp, make_tenant
from volbal.errors import InvalidNumber, InvalidTicker, OutOfRange

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ann() -> Tenant:
    return make_tenant("ann")


def now(position: Position) -> Position:
    return Position.objects.get(pk=position.pk)


def test_a_dividend_whose_ex_date_is_today_takes_effect_at_once(ann):
    cell = make_position(ann, anchor=150)

    dividend = announced(ann)

    after = now(cell)
    assert (after.anchor_price, after.dividend_receivable) == (Decimal("149.18"), Decimal("61.5"))
    receivable = after.receivables.get()
    assert (receivable.dividend, receivable.shares, receivable.gross, receivable.tax, receivable.amount) == (
        dividend,
        Decimal(100),
        Decimal(82),
        Decimal("20.5"),
        Decimal("61.5"),
    )
    assert event_types(after) == ["ex_div_effective", "anchor_adjusted_for_dividend"]
    assert_books_agree()


def test_the_announcement_is_told_in_the_tenants_history(ann):
    dividend = announced(ann, withholding="0.15")

    event = Event.objects.get(type="ex_div_announced")

    assert (event.scope, event.tenant, event.position, event.actor) == ("TENANT", ann, None, "tester")
    assert event.inputs == {
        "dividend_id": str(dividend.pk),
        "ticker": "IBM",
        "ex_date": "2024-01-16",
        "pay_date": "2024-02-01",
        "dps": "0.82",
        "currency": "USD",
        "withholding_tax_rate": "0.15",
    }
    assert_books_agree()


def test_before_the_ex_date_it_only_waits_for_the_morning(ann):
    cell = make_position(ann, anchor=150)

    announced(ann, on=EX_DATE - DAY)

    assert (now(cell).anchor_price, Receivable.objects.count()) == (Decimal(150), 0)
    assert morning(cell, EX_DATE).anchor_price == Decimal("149.18")


def test_today_is_new_yorks(ann):
    """At 03:00 in London on the ex-date it is still the day before in New York."""
    cell = make_position(ann, anchor=150)

    with unit_of_work():
        announce_dividend(
            tenant_id=ann.pk,
            ticker="IBM",
            ex_date=EX_DATE,
            pay_date=PAY_DATE,
            dps=Decimal("0.82"),
            stamp=make_stamp(datetime(2024, 1, 16, 3, tzinfo=UTC)),
        )

    assert now(cell).anchor_price == Decimal(150)


@pytest.mark.parametrize("ex_date", [date(2024, 1, 2), date(2024, 1, 8), EX_DATE - DAY])
def test_it_concerns_cells_opened_on_or_after_the_ex_date_too(ann, ex_date):
    """A cell may be opened today for shares that were held for years: the tenant says so."""
    cell = make_position(ann, anchor=150)

    announced(ann, ex_date=ex_date)

    assert now(cell).anchor_price == Decimal("149.18")
    assert morning(cell, EX_DATE).anchor_price == Decimal("149.18")
    assert_books_agree()


def test_a_cell_opened_after_the_announcement_is_not_concerned(ann):
    announced(ann, ex_date=date(2024, 1, 8), on=date(2024, 1, 8))
    cell = make_position(ann, anchor=150)

    assert morning(cell, PAY_DATE).anchor_price == Decimal(150)


def test_a_due_payment_is_left_to_pay_or_to_the_next_morning(ann):
    cell = make_position(ann, anchor=150)

    announced(ann, pay_date=EX_DATE)

    assert (now(cell).cash, now(cell).dividend_receivable) == (Decimal(10_000), Decimal("61.5"))
    assert morning(cell, EX_DATE).cash == Decimal("10061.5")


def test_a_morning_begun_before_or_after_takes_it_no_second_time(ann):
    make_dividend("0.5")
    early, late = make_position(ann, anchor=100), make_position(ann, anchor=100)
    morning(early, EX_DATE)

    announced(ann, "1")
    mornings = [morning(cell, EX_DATE) for cell in (early, late)]

    assert [cell.anchor_price for cell in mornings] == [Decimal("99.5"), Decimal(99)]
    assert [cell.dividend_receivable for cell in mornings] == [Decimal("37.5"), Decimal(75)]
    assert Receivable.objects.count() == 2
    assert_books_agree()


def test_the_tenants_own_word_wins_over_the_feeds(ann):
    make_dividend("0.5")
    cell, bobs = make_position(ann, anchor=100), make_position(make_tenant("bob"), anchor=100)

    announced(ann, "1", withholding="0")

    assert (now(cell).anchor_price, now(cell).dividend_receivable) == (Decimal(99), Decimal(100))
    assert morning(bobs, EX_DATE).anchor_price == Decimal("99.5")


def test_another_tenants_cells_and_other_tickers_are_not_touched(ann):
    others = make_position(make_tenant("bob"), anchor=150), make_position(ann, "MSFT", anchor=150)
    histories = [event_types(cell) for cell in others]

    announced(ann)

    assert [morning(cell, PAY_DATE).anchor_price for cell in others] == [Decimal(150)] * 2
    assert [event_types(cell) for cell in others] == histories
    assert Receivable.objects.count() == 0


def test_a_closed_cell_is_left_alone_and_a_paused_one_takes_it(ann):
    closed, paused = make_position(ann, anchor=150), make_position(ann, anchor=150)
    with unit_of_work():
        close_position(position_id=closed.pk, stamp=make_stamp())
    Position.objects.filter(pk=paused.pk).update(status=PositionStatus.PAUSED)

    announced(ann)

    assert (now(closed).anchor_price, now(paused).anchor_price) == (Decimal(150), Decimal("149.18"))
    assert now(paused).status == PositionStatus.PAUSED


def test_a_cell_that_replays_the_past_is_left_to_its_replay(ann):
    cell = make_position(ann, anchor=150, market_provider="replay")

    announced(ann)

    assert now(cell).anchor_price == Decimal(150)
    assert morning(cell, EX_DATE).anchor_price == Decimal("149.18")


def test_splits_of_that_day_and_before_come_first(ann):
    make_split(2, 1)
    make_split(3, 1, on=EX_DATE + DAY)
    cell = make_position(ann, anchor=100)

    announced(ann, "0.5", on=EX_DATE + DAY)

    after = now(cell)
    assert (after.qty, after.anchor_price) == (Decimal(200), Decimal("49.5"))
    assert after.receivables.get().shares == Decimal(200)
    assert morning(cell, EX_DATE + DAY).qty == Decimal(600)
    assert_books_agree()


def test_open_orders_stay(ann):
    make_open_order(make_position(ann))

    announced(ann)

    assert Order.objects.open().count() == 1


def test_a_cell_whose_anchor_is_used_up_is_paused(ann):
    cell = make_position(ann, anchor="0.82")

    announced(ann)

    assert (now(cell).anchor_price, now(cell).status) == (None, PositionStatus.PAUSED)


@pytest.mark.parametrize("on", [EX_DATE - DAY, EX_DATE])
def test_the_same_announcement_again_changes_nothing(ann, on):
    make_position(ann, anchor=150)
    first = announced(ann, on=on, withholding="0.15")
    written = all_written()

    again = announced(ann, "0.820000", on=on + DAY, withholding="0.150")

    assert again == first
    assert all_written() == written


@pytest.mark.parametrize(
    "other", [{"dps": "0.83"}, {"pay_date": PAY_DATE + DAY}, {"withholding": "0.25"}, {"withholding": "0"}]
)
def test_other_values_for_the_same_ex_date_are_refused(ann, other):
    make_position(ann, anchor=150)
    announced(ann)
    written = all_written()

    with pytest.raises(DividendConflict):
        announced(ann, **other)

    assert all_written() == written


def test_two_tenants_may_announce_the_same(ann):
    bob = make_tenant("bob")
    cells = [make_position(tenant, anchor=150) for tenant in (ann, bob)]

    for tenant, dps in ((ann, "1"), (bob, "2")):
        announced(tenant, dps)

    assert [now(cell).anchor_price for cell in cells] == [Decimal(149), Decimal(148)]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"dps": Decimal(0)}, OutOfRange),
        ({"dps": Decimal(-1)}, OutOfRange),
        ({"dps": Decimal("0.0000001")}, InvalidNumber),
        ({"pay_date": EX_DATE - DAY}, OutOfRange),
        ({"currency": "EUR"}, OutOfRange),
        ({"withholding_tax_rate": Decimal("1.01")}, OutOfRange),
        ({"withholding_tax_rate": Decimal("-0.01")}, OutOfRange),
        ({"ex_date": date(1989, 12, 31)}, OutOfRange),
        ({"ex_date": date(204, 1, 16)}, OutOfRange),
        ({"ticker": "I B M"}, InvalidTicker),
        ({"dps": Decimal(10_000_000)}, OutOfRange),
        ({"dps": Decimal(10_000_000), "withholding_tax_rate": Decimal(1)}, OutOfRange),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(ann, wrong, error):
    make_position(ann, anchor=150)
    make_position(ann, anchor=150, qty=1)
    terms = {"ticker": "IBM", "ex_date": EX_DATE, "pay_date": PAY_DATE, "dps": Decimal("0.82"), **wrong}
    written = all_written()

    with pytest.raises(error), unit_of_work():
        announce_dividend(tenant_id=ann.pk, **terms, stamp=make_stamp(datetime(2024, 1, 16, 15, tzinfo=UTC)))

    assert all_written() == written


def test_a_tenant_that_is_not_there_is_not_found():
    with pytest.raises(NotFound):
        announced(Tenant(name="nobody"))

    assert Dividend.objects.count() == 0


def test_it_refuses_to_run_outside_a_unit_of_work(ann):
    with pytest.raises(OutsideUnitOfWork):
        announce_dividend(
            tenant_id=ann.pk,
            ticker="IBM",
            ex_date=EX_DATE,
            pay_date=PAY_DATE,
            dps=Decimal(1),
            stamp=make_stamp(),
        )

    assert Dividend.objects.count() == 0
