"""Every page there is, as everyone who may see it sees it."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse

from accounts.models import Role
from accounts.tests.people import make_member, make_staff, make_user, own_tenant
from alerts.tests.builders import make_alert
from orders.tests.builders import run_at
from positions.tests.builders import make_position
from volbal_site.pages.tests.cells import traded_cell
from volbal_site.tests.test_site_routes import IN_TENANTS, PAGES, SEES, ids_of

pytestmark = [
    pytest.mark.faults,
    # How a page looks doesn't depend on the database.
    pytest.mark.skipif(connection.vendor != "sqlite", reason="seen on SQLite already"),
]

# Files, what is only sent, and what a page asks for by itself: it is seen on the page.
SENT = {"alerts/seen", "settings/tenant", "activity/newer", "live", "situation", "health/now", "orders/open"}
FILES = re.compile("exports/|.*/files?(/|$)")
LOOKED_AT = [page for page in IN_TENANTS if not FILES.match(page) and page not in SENT]
PARTS = re.compile(r".*/(now|chart|figures)$")


def seen_by(role: Role) -> list[str]:
    return [page for page in LOOKED_AT if role.value in SEES[PAGES[page]] and not PARTS.match(page)]


@pytest.fixture
def world():
    """An owner to whom nearly everything happened, and the ids of it all."""
    owner = make_user("olga")
    ids = ids_of(owner)
    tenant = own_tenant(owner)
    traded_cell(tenant, ticker="BRK.B")
    run_at(make_position(tenant, ticker="ABCDEFGHIJKL", qty="1234567.12345678", cash="98765432.10"), 104)
    make_alert(tenant_id=tenant.pk)
    return owner, {**ids, "position_id": traded_cell(tenant, ticker="KO").pk}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.OWNER])
def test_every_page_is_in_order(browse, world, role):
    owner, ids = world
    user = owner if role == Role.OWNER else make_member(own_tenant(owner), role, role.value)
    visit = browse(user, lately=True)

    for page in seen_by(role):
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(ids[part[1]]), page)
        visit.look_at(path, name=f"{role.value}-{page}".replace("/", "-"))


def test_the_pages_of_staff_are_in_order(browse, world):
    visit = browse(make_staff("sue"), lately=True)

    visit.look_at("/admin/", name="admin", ours=False)
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        visit.look_at(address, name=f"admin-{model._meta.model_name}", ours=False)
