from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from market.errors import BarConflict
from market.models import Bar
from market.queries import bars_of
from market.services import import_bars
from market.tests.builders import make_bar

pytestmark = pytest.mark.django_db


def test_new_bars_are_stored_and_counted() -> None:
    bars = (make_bar("2012-11-23"), make_bar("2012-11-26"))
    assert import_bars(ticker="ABC", bars=bars) == 2
    assert bars_of("ABC") == bars


def test_no_bars_are_no_new_rows() -> None:
    assert import_bars(ticker="ABC", bars=()) == 0


def test_equal_bars_again_change_nothing() -> None:
    bars = (make_bar("2012-11-23"), make_bar("2012-11-26", close="100.50"))
    import_bars(ticker="ABC", bars=bars)
    ids = set(Bar.objects.values_list("pk", flat=True))
    assert import_bars(ticker="ABC", bars=bars) == 0
    assert set(Bar.objects.values_list("pk", flat=True)) == ids


def test_fifteen_digits_come_back_equal() -> None:
    bars = (
        make_bar(high="999999999.999999", low="0.000001", close="123456789.012345", volume=999999999999999),
    )
    import_bars(ticker="ABC", bars=bars)
    assert bars_of("ABC") == bars
    assert import_bars(ticker="ABC", bars=bars) == 0


def test_only_the_bars_that_are_new_are_added() -> None:
    import_bars(ticker="ABC", bars=(make_bar("2012-11-26"),))
    bars = (make_bar("2012-11-23"), make_bar("2012-11-26"), make_bar("2012-11-27"))
    assert import_bars(ticker="ABC", bars=bars) == 2
    assert bars_of("ABC") == bars


@pytest.mark.parametrize("other", [{"close": "100.51"}, {"volume": 1001}, {"high": "102.000001"}])
def test_a_stored_bar_with_other_values_refuses_them_all(other: dict[str, str]) -> None:
    stored = (make_bar("2012-11-26"),)
    import_bars(ticker="ABC", bars=stored)
    with pytest.raises(BarConflict) as caught:
        import_bars(ticker="ABC", bars=(make_bar("2012-11-23"), make_bar("2012-11-26", **other)))
    assert caught.value.detail == "ABC: another bar of 2012-11-26 is stored already; nothing was imported."
    assert caught.value.facts == {"ticker": "ABC", "date": date(2012, 11, 26)}
    assert bars_of("ABC") == stored


def test_the_same_day_of_another_ticker_is_another_bar() -> None:
    import_bars(ticker="ABC", bars=(make_bar(),))
    assert import_bars(ticker="XYZ", bars=(make_bar(close="99.5"),)) == 1
    assert bars_of("ABC")[0].close == Decimal("100.5")


def test_thirteen_years_are_stored_with_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(30):
        assert import_bars(ticker="COPY", bars=bars_of("IBM")) == 3270
    assert bars_of("COPY") == bars_of("IBM")


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_run_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="inside the caller's transaction"):
        import_bars(ticker="ABC", bars=(make_bar(),))
    assert not Bar.objects.exists()
    with transaction.atomic():
        assert import_bars(ticker="ABC", bars=(make_bar(),)) == 1
