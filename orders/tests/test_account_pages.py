"""Connecting an account, confirming it, comparing it, letting it go: by an owner, and once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from playwright.sync_api import expect

from accounts.models import Role
from accounts.tests.pages import Visitor
from accounts.tests.people import PASSWORD, make_member, make_user, own_tenant
from accounts.transactions import unit_of_work
from market.providers.registry import provider
from orders.broker_accounts import account_named
from orders.brokers.base import Environment
from orders.connection_models import BrokerConnection
from orders.models import BrokerDifference
from orders.reconcile import reconcile
from orders.tests.alpaca_process import ACCOUNT, KEY_ID, SECRET_KEY, alpaca_process, point_at
from orders.tests.builders import all_faults, fresh, make_order, run_at
from orders.tests.connection_builders import make_connection
from orders.upkeep import take_orders_further
from positions.models import Event
from positions.services import change_position
from positions.tests.builders import OPENED_AT, make_position, make_stamp, make_tenant

pytestmark = pytest.mark.django_db

CONNECT = "/settings/broker-accounts/connect"
LIST = "/settings/broker-accounts"
TYPED = {"environment": "paper", "secret_key_id": KEY_ID, "secret_secret_key": SECRET_KEY}


@pytest.fixture(scope="module")
def process():
    with alpaca_process("--parts", "1") as server:
        yield server


@pytest.fixture
def server(process, settings):
    point_at(settings, process, timeout_s=5)
    process.ask("/account", {"cash": "20000", "shares": {"IBM": "150"}})
    provider("static").move_to(OPENED_AT)
    return process


@pytest.fixture
def olga():
    return make_user("olga")


def page_of(connection, action: str) -> str:
    return f"{LIST}/{connection.pk}/{action}"


def test_an_account_is_connected_confirmed_traded_at_and_let_go(browse, olga, server):
    cell = make_position(own_tenant(olga), qty=100, cash=10_000)
    visit = browse(olga)
    page = visit.go(LIST)

    page.get_by_role("link", name="Connect Alpaca").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Paper").check()
    page.get_by_label("API key ID").fill(KEY_ID)
    page.get_by_label("API secret key").fill(SECRET_KEY)
    page.get_by_role("button", name="Connect it").click()
    expect(page.get_by_role("heading", name=f"Let cells trade at Alpaca {ACCOUNT}?")).to_be_visible()
    page.get_by_label("Type the words in bold").fill(f"paper {ACCOUNT}")
    page.get_by_role("button", name="Let cells trade there").click()
    expect(page.get_by_text("0 cells may trade here")).to_be_visible()
    page.goto(f"{visit.site}/positions/{cell.pk}/terms")
    page.get_by_label("Alpaca").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("IBM trades by alpaca")).to_be_visible()

    order = make_order(fresh(cell), "BUY", 10, 100, status="new")
    key = account_named(f"alpaca/{BrokerConnection.objects.get().pk}").key
    assert take_orders_further(key) == 1

    page.goto(f"{visit.site}/orders/{order.pk}")
    expect(page.get_by_text("filled").first).to_be_visible()
    assert fresh(cell).qty == 110
    visit.look_at(LIST)
    page.get_by_role("link", name="Disconnect").click()
    page.get_by_role("button", name="Disconnect it").click()
    expect(page.get_by_role("heading", name="No account is connected")).to_be_visible()
    assert (fresh(cell).status, BrokerConnection.objects.get().credentials) == ("paused", "")
    assert all_faults() == []


def test_the_pages_are_in_order(browse, olga, server):
    make_position(own_tenant(olga), broker="alpaca")
    connection = make_connection(
        own_tenant(olga), environment=Environment.LIVE, cash=50, IBM="3", MSFT="12.5"
    )
    visit = browse(olga, lately=True)

    for path in (CONNECT, LIST, page_of(connection, "confirm"), page_of(connection, "disconnect")):
        visit.look_at(path)


def test_a_wrong_login_connects_nothing_and_is_not_shown_again(olga, server):
    answer = Visitor(olga).send(CONNECT, **{**TYPED, "secret_secret_key": "a-wrong-secret"})

    assert answer.status_code == 422
    assert "gave no answer to this login" in answer.text
    assert "a-wrong-secret" not in answer.text
    assert KEY_ID not in answer.text
    assert not BrokerConnection.objects.exists()


def test_without_a_key_nothing_is_kept(olga, server, settings):
    settings.CREDENTIALS_KEYS = []

    answer = Visitor(olga).send(CONNECT, **TYPED)

    assert answer.status_code == 422
    assert "there is no key for that" in answer.text
    assert not BrokerConnection.objects.exists()


def test_only_an_owner_who_gave_the_password_just_now_connects_and_confirms(olga):
    connection = make_connection(own_tenant(olga))
    trader = Visitor(make_member(own_tenant(olga), Role.TRADER, "tom"))
    tired = Visitor(olga, lately=False)

    for path in (CONNECT, page_of(connection, "confirm")):
        assert trader.get(path).status_code == 403
        assert "/reauthenticate" in tired.get(path)["Location"]
    assert trader.get(LIST).status_code == 200
    assert PASSWORD not in trader.get(LIST).text


def test_nothing_is_confirmed_by_other_words(olga, server):
    connection = make_connection(own_tenant(olga), environment=Environment.LIVE)

    answer = Visitor(olga).send(page_of(connection, "confirm"), confirmation=f"paper {ACCOUNT}")

    assert answer.status_code == 422
    assert fresh(connection).confirmed_at is None


def test_an_account_that_holds_less_than_its_cells_is_not_confirmed(olga, server):
    make_position(own_tenant(olga), broker="alpaca", qty="150.5", cash=20_001)
    connection = make_connection(own_tenant(olga))

    answer = Visitor(olga).send(page_of(connection, "confirm"), confirmation=f"paper {ACCOUNT}")

    assert answer.status_code == 422
    assert "less than its cells have on their books: IBM, cash" in answer.text
    assert fresh(connection).confirmed_at is None


def test_both_are_told_in_the_tenants_history(olga, server):
    Visitor(olga).send(CONNECT, **TYPED)
    Visitor(olga).send(page_of(BrokerConnection.objects.get(), "confirm"), confirmation=f"paper {ACCOUNT}")

    told = Event.objects.filter(type="config_changed", tenant=own_tenant(olga)).order_by("seq")
    assert [(event.actor, event.message.split(":")[0]) for event in told] == [
        ("olga", "Connected"), ("olga", "Confirmed"),
    ]  # fmt: skip


def test_an_account_is_one_tenants_and_a_tenant_has_one(olga):
    first = make_connection(own_tenant(olga))

    for tenant, number in ((make_tenant("other"), ACCOUNT), (own_tenant(olga), "PA0000000002")):
        with pytest.raises(IntegrityError), transaction.atomic():
            BrokerConnection.objects.create(
                tenant=tenant, broker="alpaca", environment="paper", account_number=number,
                credentials="x", connected_at=OPENED_AT, connected_by="x",
            )  # fmt: skip
    assert BrokerConnection.objects.get() == first


def test_a_cell_without_a_confirmed_account_neither_decides_nor_sends(olga, server):
    cell = make_position(own_tenant(olga), broker="alpaca")
    make_connection(own_tenant(olga))
    order = make_order(cell, status="new")

    take_orders_further(f"alpaca/{BrokerConnection.objects.get().pk}")

    assert fresh(order).status == "cancelled"
    assert server.ask("/_counts")["orders"].get(order.client_order_id) is None


def test_a_cell_only_goes_to_a_broker_where_an_account_is_connected(olga):
    cell = make_position(own_tenant(olga))

    answer = Visitor(olga).send(f"/positions/{cell.pk}/terms", broker="alpaca")

    assert answer.status_code == 422
    assert "Connect your account there first" in answer.text
    assert fresh(cell).broker == "paper"


def test_an_account_with_an_open_order_stays_connected(olga, server):
    cell = make_position(own_tenant(olga), broker="alpaca")
    connection = make_connection(own_tenant(olga), confirmed=True)
    make_order(cell, status="accepted")

    answer = Visitor(olga).send(page_of(connection, "disconnect"))

    assert answer.status_code == 422
    assert (fresh(connection).disconnected_at, fresh(cell).status) == (None, "active")


@pytest.mark.parametrize(("cash", "shares", "kinds"), [
    ("10000", "100", []),
    ("99999", "500", []),
    ("9999.99", "100", ["cash"]),
    ("10000", "99.5", ["shares"]),
])  # fmt: skip
def test_more_than_the_cells_have_is_no_difference_and_less_is(cash, shares, kinds, olga, server):
    cell = make_position(own_tenant(olga), broker="alpaca", qty=100, cash=10_000)
    connection = make_connection(own_tenant(olga), confirmed=True)
    server.ask("/account", {"cash": cash, "shares": {"IBM": shares, "TSLA": "7"}})

    done = reconcile(f"alpaca/{connection.pk}")

    assert (done.is_complete, done.open_differences) == (True, len(kinds))
    found = BrokerDifference.objects.all()
    assert [(row.kind, row.account, row.tenant_id) for row in found] == [
        (kind, str(connection.pk), cell.tenant_id) for kind in kinds
    ]
    assert fresh(cell).status == ("paused" if kinds else "active")
    assert Decimal(fresh(connection).seen_cash) == Decimal(cash)


def test_one_tenants_account_is_not_compared_with_anothers_cells(olga, server):
    make_position(make_tenant("rich"), broker="alpaca", qty=9_000, cash=1_000_000)
    connection = make_connection(own_tenant(olga), confirmed=True)

    assert reconcile(f"alpaca/{connection.pk}").open_differences == 0


def test_a_cell_at_a_broker_without_an_account_is_halted(olga):
    cell = make_position(own_tenant(olga))
    with unit_of_work():
        change_position(position_id=cell.pk, changes={"broker": "alpaca"}, stamp=make_stamp())

    assert run_at(fresh(cell), None).decision.reason == "halted"
