"""Every page as the browser shows it: no errors, nothing from elsewhere, readable at every width."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.invitations import invite
from accounts.models import Role
from accounts.tests.people import make_member, make_user, own_tenant
from accounts.transactions import unit_of_work
from alerts.tests.builders import make_alert
from configs.tests.builders import set_position
from orders.tests.builders import run_at
from positions.tests.builders import make_position, make_stamp

pytestmark = [
    # `make test` looks at lists, cells and runs; the rest is looked at before every change lands.
    pytest.mark.faults,
    pytest.mark.quick,
    # How a page looks doesn't depend on the database.
    pytest.mark.skipif(connection.vendor != "sqlite", reason="seen on SQLite already"),
]

STRANGERS = ["/account/login/", "/account/password/reset/", "/account/signup/", "/problems/", "/notice"]
OWNERS = [
    "/",
    "/trading/stop",
    "/trading/resume",
    "/settings/members",
    "/settings/members/invite",
    "/settings/api-keys",
    "/settings/api-keys/new",
    "/account/password/change/",
    "/account/email/",
    "/account/2fa/",
    "/account/2fa/totp/activate/",
    "/account/sessions/",
    "/account/logout/",
]


@pytest.mark.parametrize("path", STRANGERS)
def test_a_page_for_strangers_is_in_order(browse, path):
    browse().look_at(path)


def test_an_address_that_leads_nowhere_is_in_order(browse):
    visit = browse()
    visit.look_at("/nothing-here", expected="404")


@pytest.mark.parametrize("path", OWNERS)
def test_a_page_for_owners_is_in_order(browse, path):
    owner = make_user()
    make_member(own_tenant(owner), Role.TRADER, "tom")
    with unit_of_work():
        about = {"tenant_id": own_tenant(owner).pk, "stamp": make_stamp(timezone.now())}
        create_api_key(**about, scopes=["read"], name="bot")
        invite(**about, role=Role.VIEWER, note="Vera")
    browse(owner, lately=True).look_at(path)


def test_the_page_that_asks_for_the_password_is_in_order(browse):
    browse(make_user()).look_at("/trading/resume", name="reauthenticate")


def test_the_overview_of_many_cells_is_in_order(browse):
    owner = make_user("olga")
    tenant = own_tenant(owner)
    make_alert(tenant_id=tenant.pk)
    for ticker, price in (("IBM", 104), ("MSFT", 97), ("KO", 101), ("GE", 96)):
        run_at(make_position(tenant, ticker=ticker), price)
    make_position(tenant, ticker="BRK.B", anchor=None)
    pinned = make_position(tenant, ticker="MMM", qty=1_000_000, cash=12)
    run_at(pinned, 101)
    set_position(pinned, "guardrail", min_stock_pct=40)

    browse(owner).look_at("/", name="overview-cells")
