"""Orders, dividends and activity as the browser shows them, with something to show."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.models import Tenant
from accounts.tests.people import make_user, own_tenant
from dividends.tests.builders import announced, make_dividend, make_split, morning
from orders.models import Order
from orders.tests.builders import fill, make_difference, make_order, run_at
from positions.tests.builders import make_position

EX_DATE, PAY_DATE = date(2024, 1, 16), date(2024, 2, 1)


@pytest.fixture
def olga():
    user = make_user()
    fill_books(own_tenant(user))
    return user


def fill_books(tenant: Tenant) -> None:
    """A cell that traded and was paid a dividend, a proposal, an unknown order, and a difference."""
    make_dividend()
    make_dividend("0.75", ex_date=timezone.now().date() + timedelta(days=9), pay_date=date(2030, 1, 2))
    make_split(2, 1, on=timezone.now().date())
    sold = make_position(tenant)
    run_at(sold, 104)
    run_at(sold, 104.5)
    morning(sold, EX_DATE)
    morning(sold, PAY_DATE)
    run_at(make_position(tenant, ticker="MSFT", broker="manual"), 96)
    owed = make_position(tenant, ticker="KO")
    announced(tenant, ticker="KO", pay_date=PAY_DATE)
    fill(make_order(owed, status="accepted"), qty=4)
    asked = make_order(make_position(tenant, ticker="PG", broker="paper_http"), status="unknown")
    Order.objects.filter(pk=asked.pk).update(sent_at=timezone.now(), ask_at=timezone.now())
    make_difference(asked.position, broker="paper_http")


@pytest.mark.parametrize("path", ["/orders", "/dividends", "/activity", "/analytics"])
def test_a_list_with_something_in_it_is_in_order(browse, olga, path):
    browse(olga).look_at(path)
