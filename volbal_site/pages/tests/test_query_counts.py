"""How many statements each page takes: as many with thirty rows of everything as with one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache, caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.invitations import invite
from accounts.models import Role
from accounts.tests.people import log_in_lately, make_member, make_user, own_tenant
from accounts.transactions import unit_of_work
from alerts.tests.builders import make_alert, make_channel
from configs.tests.builders import set_position, set_rate
from dividends.tests.builders import announced, make_dividend, make_split, morning
from orders.tests.builders import make_difference, make_order, run_at, set_market
from orders.tests.connection_builders import make_connection
from positions.tests.builders import make_position, make_stamp
from simulation.tests.saved import make_grid, make_run
from volbal.trading_day import trading_date
from volbal_site.tests.test_site_routes import IN_TENANTS

pytestmark = pytest.mark.django_db

COUNTED = re.compile(r"\(?SELECT (?!pg_advisory)|DECLARE|INSERT|UPDATE|DELETE")
NOW = timezone.now()
TODAY = trading_date(NOW)
# Files are written row by row (test_api_exports.py), and what is only sent is no page.
SENT = {"alerts/seen", "settings/tenant"}
FILES = re.compile("exports/|.*/files?(/|$)")
PAGES_READ = [page for page in IN_TENANTS if not FILES.match(page) and page not in SENT]
ASKED = {"activity/newer": "?since=2024-01-08T16:00:00%2B00:00"}
# No page needs more.
MOST = 30


class World:
    """An owner with cells, orders, alerts, members and keys, and cells to which much happened."""

    def __init__(self) -> None:
        self.owner = make_user("olga")
        self.tenant = own_tenant(self.owner)
        self.traded = make_position(self.tenant)
        set_position(self.traded, "guardrail", max_orders_per_day="none")
        self.rows = 0
        self.grow(2)
        morning(self.traded, TODAY)
        set_market(100, at=NOW)
        self.ids = self._ids()

    def grow(self, rows: int) -> None:
        """Let so much more of everything be there."""
        for number in range(self.rows, self.rows + rows):
            self._add(number)
        self.rows += rows

    def _add(self, number: int) -> None:
        cell = make_position(self.tenant, ticker="KO", broker="paper_http")
        set_rate("TENANT_ASSET", "0.0002", self.tenant, f"T{number}")
        make_dividend("0.01", ex_date=TODAY - timedelta(days=number), pay_date=TODAY + timedelta(days=9))
        make_split(ticker="KO", on=TODAY - timedelta(days=number))
        run_at(self.traded, 104 if number % 2 == 0 else 100, at=NOW + timedelta(seconds=number))
        make_order(cell, status="unknown")
        make_difference(cell, broker="paper_http")
        make_alert(tenant_id=self.tenant.pk, position_id=self.traded.pk)
        make_channel(f"{number}@example.com", tenant_id=self.tenant.pk)
        make_member(self.tenant, Role.TRADER, f"tom{number}")
        with unit_of_work():
            invite(tenant_id=self.tenant.pk, role=Role.VIEWER, note="", stamp=make_stamp(NOW))
            create_api_key(tenant_id=self.tenant.pk, scopes=["read"], name="", stamp=make_stamp(NOW))

    def _ids(self) -> dict[str, object]:
        proposal = run_at(make_position(self.tenant, broker="manual"), 104, at=NOW)
        return {
            "channel_id": self.tenant.alert_channels.first().pk,
            "connection_id": make_connection(self.tenant).pk,
            "difference_id": make_difference(proposal.position, broker="manual").pk,
            "dividend_id": announced(self.tenant, ticker="PG", pay_date=TODAY).pk,
            "event_id": proposal.event_id,
            "invitation_id": self.tenant.invitations.first().pk,
            "key_id": self.tenant.api_keys.first().pk,
            "membership_id": self.tenant.memberships.get(user=self.owner).pk,
            "order_id": proposal.order.pk,
            "position_id": self.traded.pk,
            "simulation_id": make_run(self.tenant).pk,
            "optimization_id": make_grid(self.tenant).pk,
            "number": 0,
        }


def statements(world: World) -> dict[str, int]:
    """Open every page and return how many statements each took."""
    client = Client()
    log_in_lately(client, world.owner)
    found = {}
    for address in PAGES_READ:
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(world.ids[part[1]]), address)
        path += ASKED.get(address, "")
        cache.clear()
        caches["template_fragments"].clear()
        caches["lists"].clear()
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(path)
        assert answer.status_code in (200, 302), (address, answer.status_code)
        found[address] = sum(bool(COUNTED.match(query["sql"])) for query in queries)
    return found


def test_a_page_takes_as_many_statements_with_many_rows_as_with_few():
    world = World()
    statements(world)  # a form keeps its key in the session
    few = statements(world)

    world.grow(6)
    many = statements(world)

    assert {page: (few[page], many[page]) for page in few if many[page] > few[page]} == {}
    assert max(few.values()) <= MOST
