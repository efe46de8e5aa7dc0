"""A login at a broker is nowhere to be read: a canary is planted, and all that is written is searched."""

from __future__ import annotations

import io
import json
import logging

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection as database
from django.test import Client

from accounts.tests.pages import Visitor
from accounts.tests.people import log_in_lately, make_staff, make_user, own_tenant
from market.providers.registry import provider
from orders.brokers.alpaca import AlpacaBroker
from orders.brokers.base import Environment, Login, NoAnswer
from orders.connection_models import BrokerConnection
from orders.connections import login_from
from orders.reconcile import reconcile
from orders.tests.alpaca_process import ACCOUNT, alpaca_process, point_at
from orders.tests.builders import fresh, make_order
from orders.upkeep import take_orders_further
from positions.models import Event
from positions.tests.builders import OPENED_AT, make_position
from volbal_site.export_api import TABLES
from volbal_site.logs import lines
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db

KEY_ID, SECRET = "PKC4N4RYC4N4RYC4N4RY", "c4n4ry+5ecret/0f+4+br0ker"
CANARIES = (KEY_ID, SECRET)
PLACE = "/settings/broker-accounts"


@pytest.fixture(scope="module")
def process():
    with alpaca_process("--key-id", KEY_ID, "--secret-key", SECRET, "--parts", "1") as server:
        server.ask("/account", {"cash": "1000000", "shares": {"IBM": "1000"}})
        yield server


@pytest.fixture
def server(process, settings):
    point_at(settings, process, timeout_s=5)
    provider("static").move_to(OPENED_AT)
    return process


@pytest.fixture
def log():
    """Everything that is logged from now on, in both forms, down to the finest."""
    streams = []
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = []
    for for_people in (False, True):
        handler = logging.StreamHandler(io.StringIO())
        handler.setFormatter(lines(for_people=for_people))
        root.addHandler(handler)
        handlers.append(handler)
        streams.append(handler.stream)
    root.setLevel(logging.DEBUG)
    yield lambda: "".join(stream.getvalue() for stream in streams)
    root.setLevel(level)
    for handler in handlers:
        root.removeHandler(handler)


def secret_in(text: str) -> list[str]:
    """Return what of the login stands in a text, plainly or as JSON or an address writes it."""
    forms = {form for one in CANARIES for form in (one, json.dumps(one)[1:-1], one.replace("+", "%2B"))}
    return sorted(form for form in forms if form in text)


def whole_database() -> str:
    """Return every row of every table."""
    rows = [str(list(model._base_manager.values())) for model in apps.get_models()]
    if django_settings.IS_SQLITE:
        database.ensure_connection()
        rows += database.connection.iterdump()
        return "\n".join(rows)
    with database.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            rows += [row[0] for row in cursor.fetchall()]
    return "\n".join(rows)


def test_a_login_is_in_no_log_page_event_export_error_or_dump(server, log):
    olga = make_user("olga")
    visitor, cell = Visitor(olga), make_position(own_tenant(olga), broker="alpaca")
    typed = {"environment": "paper", "secret_key_id": KEY_ID, "secret_secret_key": SECRET}
    seen = [visitor.send(f"{PLACE}/connect", **{**typed, "environment": "nonsense"}).text]  # 422, shown again

    visitor.send(f"{PLACE}/connect", **typed)
    found = BrokerConnection.objects.get()
    visitor.send(f"{PLACE}/{found.pk}/confirm", confirmation=f"paper {ACCOUNT}")
    order = make_order(cell, "BUY", 10, 100, status="new")
    take_orders_further(f"alpaca/{found.pk}")
    reconcile(f"alpaca/{found.pk}")
    assert fresh(order).status == "filled"
    seen += trouble(server, cell, found)
    key = make_key(own_tenant(olga))
    seen += pages_and_exports(visitor, found, order, Api(key))

    told = [json.dumps(row, default=str) for row in Event.objects.values()]
    dumped = io.StringIO()
    call_command("dumpdata", stdout=dumped)
    for text in (*seen, *told, dumped.getvalue(), whole_database(), log()):
        assert secret_in(text) == []
    assert len(seen) > 15
    assert '"event": "request"' in log()


def trouble(server, cell, found) -> list[str]:
    """Let the broker be away, and let it talk of the login: what we say of that."""
    waiting = make_order(fresh(cell), "BUY", 1, 100, status="new")
    server.plant("faults", faults=["done_504", "done_html", "lost_reset"])
    take_orders_further(f"alpaca/{found.pk}")
    reconcile(f"alpaca/{found.pk}")
    wrong = Login(environment=Environment.PAPER, secrets={"key_id": KEY_ID, "secret_key": SECRET + "x"})
    with pytest.raises(NoAnswer) as talked:
        AlpacaBroker(wrong).account()
    assert "[secret]" in str(talked.value)
    return [str(talked.value), repr(talked.value), repr(wrong), repr(login_from("paper", wrong.secrets)),
            fresh(waiting).status, str(found), repr(found)]  # fmt: skip


def pages_and_exports(visitor: Visitor, found, order, api) -> list[str]:
    """Read what shows an account, an order or a history, to its owner, to a program, and to staff."""
    staff = Client()
    log_in_lately(staff, make_staff("sue"))
    pages = [PLACE, f"{PLACE}/connect", f"{PLACE}/{found.pk}/confirm", f"{PLACE}/{found.pk}/disconnect",
             f"/orders/{order.pk}", "/activity", "/health", "/orders"]  # fmt: skip
    exports = [f"/exports/{name}?format=csv" for name in TABLES]
    admin = ["/admin/", "/admin/orders/", f"/admin/orders/brokerconnection/{found.pk}/change/"]
    calls = ["/v1/orders", "/v1/readyz", f"/v1/orders/{found.pk}"]
    texts = [b"".join(visitor.get(path)).decode() for path in (*pages, *exports)]
    texts += [b"".join(staff.get(path)).decode() for path in admin]
    return texts + [api.get(path).content.decode() for path in calls]


def test_the_search_finds_a_login_that_is_kept_plainly():
    assert secret_in(f'{{"a": "{SECRET}"}}') == [SECRET]
    assert secret_in(f"/x?secret={SECRET.replace('+', '%2B')}") != []
