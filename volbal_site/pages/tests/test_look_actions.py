"""The pages of actions and settings as the browser shows them, as they are and with what they foretell."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts.tests.people import make_user, own_tenant
from orders.tests.builders import run_at
from positions.tests.builders import make_position

pytestmark = [
    pytest.mark.faults,
    pytest.mark.quick,
    # How a page looks doesn't depend on the database.
    pytest.mark.skipif(connection.vendor != "sqlite", reason="seen on SQLite already"),
]

ABOUT_A_CELL = ["deposit", "withdraw", "anchor", "adjust", "evaluate", "order", "pause", "resume", "settings"]
ABOUT_THE_ACCOUNT = ["/settings/configuration", "/settings/commissions", "/positions/new"]
ABOUT_AN_ORDER = ["cancel", "fill"]
DANGEROUS = ["close", "terms"]


@pytest.fixture
def owner():
    return make_user("olga")


@pytest.mark.parametrize("action", ABOUT_A_CELL)
def test_the_page_of_an_action_is_in_order(browse, owner, action):
    cell = make_position(own_tenant(owner))

    browse(owner).look_at(f"/positions/{cell.pk}/{action}", name=action)


@pytest.mark.parametrize("action", DANGEROUS)
def test_a_page_that_asks_for_the_password_is_in_order(browse, owner, action):
    cell = make_position(own_tenant(owner))

    browse(owner, lately=True).look_at(f"/positions/{cell.pk}/{action}", name=action)


@pytest.mark.parametrize("path", ABOUT_THE_ACCOUNT)
def test_a_page_of_the_account_is_in_order(browse, owner, path):
    make_position(own_tenant(owner))

    browse(owner).look_at(path)


@pytest.mark.parametrize("action", ABOUT_AN_ORDER)
def test_the_page_of_an_order_is_in_order(browse, owner, action):
    order = run_at(make_position(own_tenant(owner), broker="manual"), 104).order

    browse(owner).look_at(f"/orders/{order.pk}/{action}", name=f"order-{action}")
