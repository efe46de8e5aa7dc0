"""How cells did, told from the books: journal, trades, dividends, and the prices that somebody saw."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.transactions import unit_of_work
from dividends.tests.builders import EX_DATE, PAY_DATE, make_dividend, make_split, morning
from orders.fills import book_fill
from orders.tests.builders import everything_written, make_fill, make_order, run_at, set_market
from positions.models import Position
from positions.services import adjust_books, close_position, move_cash
from positions.tests.builders import OPENED_AT, make_position, make_stamp, make_tenant
from simulation.performance import MOST_POINTS, CellPerformance, Performance, performance_of, thinned
from simulation.performance_plain import steps_of_cells
from simulation.tests.builders import both, bring_in, command, day, make_history
from simulation.tests.kept import same_in_all_ways
from simulation.value_keeping import keep_values
from volbal.errors import OutOfRange

pytestmark = pytest.mark.django_db

OPENED_DAY = date(2024, 1, 8)
D = Decimal


def later(days: int, hours: int = 0) -> datetime:
    return OPENED_AT + timedelta(days=days, hours=hours)


def told(**limits: date) -> Performance:
    """Tell it of all cells, which is the same with what was kept before, the plain way, and with all kept."""
    return same_in_all_ways(Position.objects.all(), **limits)


def told_of(position: Position) -> CellPerformance:
    (cell,) = same_in_all_ways(Position.objects.filter(pk=position.pk)).cells
    return cell


def curve(performance: Performance) -> list[tuple[str, Decimal | None, Decimal | None]]:
    return [(point.date.isoformat(), point.value, point.hold_value) for point in performance.curve.points]


def deposit(position: Position, amount: str, at: datetime) -> None:
    with unit_of_work():
        move_cash(position_id=position.pk, amount=D(amount), stamp=make_stamp(at))


def adjust(position: Position, at: datetime, **amounts: str) -> None:
    values = {name: D(amount) for name, amount in amounts.items()}
    with unit_of_work():
        adjust_books(position_id=position.pk, reason="a correction", stamp=make_stamp(at), **values)


def test_a_cells_whole_story_adds_up():
    make_dividend("0.82", withholding="0.15")
    make_split(2, 1, on=date(2024, 1, 17))
    position = make_position()
    run_at(position, 104, at=later(1))  # SELL 12.57421597, commission 0.130772
    deposit(position, "500", later(2))
    morning(position, EX_DATE)
    morning(position, date(2024, 1, 17))
    run_at(position, 51, at=later(9))  # nothing to do: the anchor is 103.18 / 2
    morning(position, PAY_DATE)

    figures = told_of(position).figures

    # 87.42578403 shares got 71.689143 gross, 60.935772 net; they are 174.85156806 now.
    assert (figures.dividends_gross, figures.dividends_tax) == (D("71.689143"), D("10.753371"))
    assert figures.value == D("11868.523461") + D("8917.429971")
    # The 100 shares of the start got 82 gross, 69.7 net, and are 200.
    assert figures.hold_value == 10_500 + D("69.7") + 200 * 51
    assert figures.value_minus_hold == figures.from_trading - figures.fees + figures.from_dividends
    assert (figures.fees, figures.from_dividends) == (D("0.130772"), D("60.935772") - D("69.7"))
    assert (figures.contributed, figures.realised_gain) == (20_500, D("50.296864"))
    assert figures.unrealised_gain == D("8917.429971") - D("8742.578403")
    assert (figures.trade_count, figures.traded_notional) == (1, D("1307.718461"))


@pytest.mark.parametrize(
    ("ticker", "span"),
    [
        ("IBM", ("--from", "2000-03-01", "--to", "2002-12-31")),
        ("MSFT", ("--from", "2003-01-02", "--to", "2004-12-31")),
    ],
)
def test_a_replay_is_told_as_the_simulation_of_it_is(ticker, span):
    result = both(ticker, *span)

    (cell,) = told().cells

    figures, metrics = cell.figures, result["metrics"]
    assert figures.value == D(result["final"]["value"])
    assert figures.hold_value == D(metrics["hold_value"])
    assert figures.value_minus_hold == D(metrics["value_minus_hold"])
    assert (figures.fees, figures.trade_count) == (D(metrics["commissions"]), metrics["trade_count"])
    assert figures.dividends_net - cell.pending == D(metrics["dividends_received"])
    assert figures.contributed == D(metrics["start_value"])
    assert cell.days_evaluated == result["bars"] == told().curve.days


def test_the_curve_has_one_point_a_day_with_the_last_price_of_it():
    position = make_position()
    run_at(position, 101, at=later(0, 1))
    run_at(position, 102, at=later(0, 2))
    run_at(position, 99, at=later(1))
    deposit(position, "500", later(3))
    run_at(position, 100, at=datetime(2024, 1, 13, 4, 30, tzinfo=UTC))  # still the 12th in New York
    run_at(position, 101, at=later(5))

    assert curve(told()) == [
        ("2024-01-08", 20_200, 20_200),
        ("2024-01-09", 19_900, 19_900),
        ("2024-01-11", 20_400, 20_400),
        ("2024-01-12", 20_500, 20_500),
        ("2024-01-13", 20_600, 20_600),
    ]


def test_a_curve_can_be_cut_and_figures_stay_as_of_now():
    position = make_position()
    for number in range(4):
        run_at(position, 100 + number / 2, at=later(number))

    cut = told(start=OPENED_DAY + timedelta(days=1), end=OPENED_DAY + timedelta(days=2))

    assert [point[0] for point in curve(cut)] == ["2024-01-09", "2024-01-10"]
    assert (cut.curve.days, cut.total) == (2, told().total)
    with pytest.raises(OutOfRange):
        told(start=date(2024, 1, 2), end=date(2024, 1, 1))


@pytest.mark.parametrize("count", [0, 1, 2, 499, 500, 501, 998, 999, 1000, 1001, 3270, 12_345])
def test_many_days_are_thinned_to_at_most_500_with_first_and_last(count):
    days = [OPENED_DAY + timedelta(days=number) for number in range(count)]

    shown = thinned(days)

    assert len(shown) <= MOST_POINTS
    assert shown == sorted(set(shown))
    assert shown[:1] + shown[-1:] == days[:1] + days[-1:]
    assert len({after - before for before, after in pairwise(shown[1:])}) <= 1
    assert count > MOST_POINTS or shown == days


def test_without_any_price_the_value_is_unknown_and_the_cost_is_the_anchor():
    make_position()

    (cell,) = told().cells

    assert (cell.price, cell.figures.value, cell.figures.gain) == (None, None, None)
    assert (cell.figures.contributed, cell.figures.cost) == (20_000, 10_000)
    assert curve(told()) == [("2024-01-08", None, None)]


def test_cash_alone_needs_no_price():
    make_position(qty=0, anchor=None)
    make_position(qty=0, cash=0, anchor=None)

    assert [cell.figures.value for cell in told().cells] == [10_000, 0]
    assert told().total.gain == 0


def test_shares_without_an_anchor_cost_the_first_price_after():
    position = make_position(anchor=None)
    run_at(position, 95, at=later(1))
    run_at(position, 97, at=later(2))

    figures = told_of(position).figures

    assert (figures.contributed, figures.cost, figures.unrealised_gain) == (19_500, 9_500, 200)


def test_shares_that_were_given_cost_what_they_were_worth_that_day():
    position = make_position()
    run_at(position, 101, at=later(1))
    adjust(position, later(2), qty="10")
    run_at(position, 102, at=later(3))

    figures = told_of(position).figures

    assert (figures.cost, figures.contributed) == (11_010, 21_010)
    assert (figures.value_minus_hold, figures.trade_count) == (0, 0)


def test_a_trade_that_was_undone_by_its_reverse_is_no_difference_to_holding():
    position = make_position(broker="manual")
    order = make_order(position, qty=10, price=97, status="new")
    with unit_of_work():
        book_fill(
            order_id=order.pk,
            fill=make_fill(commission="0.097"),
            execution_id="typed-wrongly",
            executed_at=later(1),
            stamp=make_stamp(later(1)),
        )
    adjust(position, later(2), qty="-10", cash="970.097")
    run_at(position, 150, at=later(3))

    figures = told_of(position).figures

    assert (figures.value, figures.value_minus_hold, figures.trade_count) == (25_000, 0, 1)


def filled(position: Position, executed_at: datetime, at: datetime) -> None:
    """Report one share bought at 97."""
    order = make_order(position, qty=1, price=97, status="new", at=at)
    with unit_of_work():
        book_fill(
            order_id=order.pk,
            fill=make_fill(qty=1),
            execution_id=f"e-{at}",
            executed_at=executed_at,
            stamp=make_stamp(at),
        )


def test_the_latest_price_says_when_and_where_it_was_seen():
    position = make_position(broker="manual")
    set_market("101.5", at=later(0, 1))

    run_at(position, None, at=later(0, 2))
    price = told_of(position).price
    assert (price.price, price.at, price.source) == (D("101.5"), later(0, 1), "static")

    run_at(position, 102, at=later(0, 3))
    assert (told_of(position).price.price, told_of(position).price.source) == (102, "manual")

    filled(position, later(0, 4), at=later(0, 5))
    price = told_of(position).price
    assert (price.price, price.at, price.source) == (97, later(0, 4), "trade")


def test_a_trade_reported_late_does_not_hide_a_newer_price():
    position = make_position(broker="manual")
    run_at(position, 101, at=later(2))
    filled(position, later(1), at=later(3))

    assert told_of(position).price.price == 101
    # It is in the books from when it was reported, and its price was seen the day before.
    assert [point[1] for point in curve(told())] == [None, 19_700, 20_100, 20_104]


@pytest.mark.parametrize("odd", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)])
def test_an_execution_at_an_impossible_time_breaks_nothing(odd):
    position = make_position(broker="manual")
    filled(position, odd, at=later(1))
    run_at(position, 105, at=later(2))

    assert told_of(position).price.price == 105
    assert curve(told())[-1][:2] == ("2024-01-10", 20_508)


def test_an_evaluation_without_a_price_hides_no_price():
    position = make_position()
    run_at(position, 101, at=later(0, 1))
    run_at(position, None, at=later(0, 2))

    assert told_of(position).price.price == 101
    assert told_of(position).days_evaluated == 1


def test_a_price_from_before_a_split_and_a_dividend_is_restated():
    make_split(2, 1, on=EX_DATE)
    make_dividend("1", ex_date=date(2024, 1, 18))
    position = make_position()
    run_at(position, 101, at=later(1))

    split = morning(position, EX_DATE)
    cell = told_of(position)
    assert (split.qty, cell.price.price, cell.figures.value) == (200, D("50.5"), 20_100)

    morning(position, date(2024, 1, 18))
    cell = told_of(position)
    assert (cell.price.price, cell.price.at) == (D("49.5"), later(1))
    assert cell.figures.value == 200 * D("49.5") + 10_150


def test_stored_bars_fill_the_days_until_the_last_one_recorded():
    bring_in(make_history(["99", "101", "102", "103"], ticker="IBM"))
    position = make_position()
    run_at(position, 100, at=later(2))

    assert curve(told()) == [
        ("2024-01-08", 19_900, 19_900),
        ("2024-01-09", 20_100, 20_100),
        ("2024-01-10", 20_200, 20_200),  # the close came after the evaluation
    ]
    assert told_of(position).price.source == "bar"


def test_a_replay_knows_no_bar_of_its_future():
    bring_in(make_history(["100", "101", "102", "150"], ticker="XYZ"))
    command("replay", "XYZ", "--to", day(2).isoformat(), "--fill", "next_open")

    other = make_position(ticker="XYZ", at=later(1))
    run_at(other, 100, at=later(3))

    replayed, opened = steps_of_cells(Position.objects.order_by("number"))
    assert [step.day for step in replayed.steps] == [day(0)]
    assert told().cells[0].price.price == 100
    assert opened.position == other
    assert [step.day for step in opened.steps] == [day(1), day(2), day(3)]


def test_days_inside_the_guardrails_are_counted_on_each_days_last_evaluation():
    position = make_position(qty=10, cash=10_000, anchor=None)  # 9 %: below the 25 % of its band
    run_at(position, 100, at=later(0, 1))
    run_at(position, 100, at=later(0, 2))
    adjust(position, later(0, 3), qty="90")
    run_at(position, 100, at=later(1))
    run_at(position, 100, at=later(2))

    assert (told_of(position).days_evaluated, told_of(position).days_inside) == (3, 2)


def test_cells_are_added_up_day_by_day():
    one, other = make_position(ticker="A"), make_position(ticker="B", qty=50, at=later(2))
    run_at(one, 101, at=later(1))
    run_at(other, 102, at=later(2))
    run_at(one, 99, at=later(3))

    performance = told()

    assert curve(performance) == [
        ("2024-01-08", None, None),
        ("2024-01-09", 20_100, 20_100),
        ("2024-01-10", 20_100 + 15_100, 20_100 + 15_100),
        ("2024-01-11", 19_900 + 15_100, 19_900 + 15_100),
    ]
    assert performance.total.value == sum(cell.figures.value for cell in performance.cells) == 35_000
    assert [cell.position.ticker for cell in performance.cells] == ["A", "B"]


def test_a_closed_cell_stays_in_the_sum_with_what_it_holds():
    position = make_position()
    run_at(position, 104, at=later(1))
    with unit_of_work():
        close_position(position_id=position.pk, stamp=make_stamp(later(2)))

    assert told().total.value == told_of(position).figures.value > 20_000


def test_no_cells_are_worth_nothing():
    assert (told().total.value, told().cells, told().curve.points) == (0, [], [])


def test_the_number_of_queries_does_not_depend_on_the_cells_or_their_history():
    def live(ticker: str, days: int) -> None:
        make_dividend(ticker=ticker)
        make_split(on=EX_DATE, ticker=ticker)
        position = make_position(ticker=ticker)
        for number in range(days):
            run_at(position, 104 if number % 2 else 97, at=later(number))
        morning(position, PAY_DATE)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            performance_of(Position.objects.all())
        return len(captured)

    live("A", 1)
    few = queries()
    for ticker in ("B", "C", "D"):
        live(ticker, 5)

    many = queries()
    keep_values()
    assert (few, many, queries()) == (11, 11, 6)


def test_telling_writes_nothing():
    position = make_position(tenant=make_tenant("ann"))
    run_at(position, 104)
    before = everything_written()

    told()

    assert everything_written() == before
