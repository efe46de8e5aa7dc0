"""Every address of the whole site stands in a table of who may see it; one that doesn't fails the build.

The API's calls stand in WHO of test_api_edge.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from http.cookies import SimpleCookie

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.api_keys import create_api_key
from accounts.invitations import invite
from accounts.models import Role, User
from accounts.tests.people import log_in_lately, make_member, make_staff, make_user, own_tenant
from accounts.transactions import unit_of_work
from alerts.tests.builders import make_channel
from dividends.tests.builders import make_dividend
from orders.tests.builders import make_difference, run_at
from orders.tests.connection_builders import make_connection
from positions.tests.builders import make_position, make_stamp
from simulation.tests.saved import make_grid, make_run
from volbal_site.export_api import TABLES
from volbal_site.tests.test_api_edge import WHO

pytestmark = pytest.mark.django_db

ANYONE, LOGGED_IN, NOT_FOUND = "anyone", "whoever is logged in", "nobody: there is nothing"
VIEWER, TRADER, OWNER = Role.VIEWER, Role.TRADER, Role.OWNER

# Every page, as its address is written in urls.py, and who may see it. In a tenant more is seen by the higher
# role. An address with an id in it needs a line in `ids_of`.
PAGES = {
    "": VIEWER,
    "activity": VIEWER,
    "activity/<uuid:event_id>": VIEWER,
    "activity/newer": VIEWER,
    "analytics": VIEWER,
    "analytics/figures": VIEWER,
    "health": VIEWER,
    "health/now": VIEWER,
    "differences/<uuid:difference_id>/resolve": OWNER,
    "dividends": VIEWER,
    "dividends/<uuid:dividend_id>/pay": OWNER,
    "dividends/announce": OWNER,
    "dividends/split": OWNER,
    **dict.fromkeys((f"exports/{name}" for name in TABLES), VIEWER),
    "metrics": NOT_FOUND,  # without the token: test_metrics.py
    "alerts": VIEWER,
    "alerts/seen": TRADER,
    "decisions/<uuid:event_id>/": VIEWER,
    "live": VIEWER,
    "notice": ANYONE,
    "orders": VIEWER,
    "orders/<uuid:order_id>": VIEWER,
    "orders/<uuid:order_id>/now": VIEWER,
    "orders/open": VIEWER,
    "positions/<uuid:position_id>/": VIEWER,
    "positions/<uuid:position_id>/cash": VIEWER,
    "positions/<uuid:position_id>/chart": VIEWER,
    "positions/<uuid:position_id>/dividends": VIEWER,
    "positions/<uuid:position_id>/now": VIEWER,
    "positions/<uuid:position_id>/orders": VIEWER,
    "positions/<uuid:position_id>/performance": VIEWER,
    "positions/<uuid:position_id>/prices": VIEWER,
    "positions/<uuid:position_id>/rules": VIEWER,
    "positions/<uuid:position_id>/timeline": VIEWER,
    "positions/<uuid:position_id>/what-if": VIEWER,
    "orders/<uuid:order_id>/cancel": TRADER,
    "orders/<uuid:order_id>/fill": TRADER,
    "positions/<uuid:position_id>/adjust": OWNER,
    "positions/<uuid:position_id>/anchor": TRADER,
    "positions/<uuid:position_id>/close": OWNER,
    "positions/<uuid:position_id>/deposit": TRADER,
    "positions/<uuid:position_id>/evaluate": TRADER,
    "positions/<uuid:position_id>/order": TRADER,
    "positions/<uuid:position_id>/pause": TRADER,
    "positions/<uuid:position_id>/resume": TRADER,
    "positions/<uuid:position_id>/settings": VIEWER,
    "positions/<uuid:position_id>/terms": OWNER,
    "positions/<uuid:position_id>/withdraw": TRADER,
    "positions/new": TRADER,
    "problems/": ANYONE,
    "problems/<slug:code>": ANYONE,
    "join/<str:secret>": NOT_FOUND,
    "settings/": VIEWER,
    "settings/alerts": OWNER,
    "settings/alerts/<uuid:channel_id>/remove": OWNER,
    "settings/alerts/<uuid:channel_id>/secret": OWNER,
    "settings/alerts/<uuid:channel_id>/test": OWNER,
    "settings/alerts/new": OWNER,
    "settings/api-keys": OWNER,
    "settings/api-keys/<slug:key_id>/revoke": OWNER,
    "settings/api-keys/new": OWNER,
    "settings/broker-accounts": VIEWER,
    "settings/broker-accounts/<uuid:connection_id>/confirm": OWNER,
    "settings/broker-accounts/<uuid:connection_id>/disconnect": OWNER,
    "settings/broker-accounts/connect": OWNER,
    "settings/invitations/<uuid:invitation_id>/withdraw": OWNER,
    "settings/members": OWNER,
    "settings/members/<int:membership_id>/remove": OWNER,
    "settings/members/<int:membership_id>/role": OWNER,
    "settings/members/invite": OWNER,
    "settings/commissions": VIEWER,
    "settings/configuration": VIEWER,
    "settings/tenant": VIEWER,
    "positions/<uuid:position_id>/optimize": VIEWER,
    "positions/<uuid:position_id>/simulate": VIEWER,
    "simulations/": VIEWER,
    "simulations/<uuid:simulation_id>/": VIEWER,
    "simulations/<uuid:simulation_id>/cancel": VIEWER,
    "simulations/<uuid:simulation_id>/chart": VIEWER,
    "simulations/<uuid:simulation_id>/files/<slug:table>": VIEWER,
    "simulations/<uuid:simulation_id>/now": VIEWER,
    "simulations/compare": VIEWER,
    "simulations/new": VIEWER,
    "simulations/optimizations/<uuid:optimization_id>/": VIEWER,
    "simulations/optimizations/<uuid:optimization_id>/cancel": VIEWER,
    "simulations/optimizations/<uuid:optimization_id>/file": VIEWER,
    "simulations/optimizations/<uuid:optimization_id>/now": VIEWER,
    "simulations/optimizations/<uuid:optimization_id>/use/<int:number>": OWNER,
    "simulations/optimizations/new": VIEWER,
    "situation": VIEWER,
    "theme": ANYONE,
    "trading/resume": OWNER,
    "trading/stop": TRADER,
    "v1/": NOT_FOUND,
    "v1/docs": ANYONE,
    "v1/openapi.json": ANYONE,
}
# Pages that more may see than may send their form.
SENDS = {
    "positions/<uuid:position_id>/settings": OWNER,
    "settings/commissions": OWNER,
    "settings/configuration": OWNER,
}
# Pages of django-allauth; the rest of them need a login.
ACCOUNT = "account/"
ACCOUNT_FOR_ANYONE = {
    "account/2fa/authenticate/",
    "account/^confirm-email/(?P<key>[-:\\w]+)/$",
    "account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
    "account/confirm-email/",
    "account/inactive/",
    "account/login/",
    "account/login/code/confirm/",
    "account/logout/",
    "account/password/reset/",
    "account/password/reset/done/",
    "account/password/reset/key/done/",
    "account/signup/",
}
# Of the admin only these may be seen without being staff: where one logs in, and out.
ADMIN = "admin/"
ADMIN_FOR_ANYONE = {"admin/login/", "admin/logout/"}

VISITORS = ("nobody", "viewer", "trader", "owner", "stranger", "staff")
SEES = {VIEWER: {"viewer", "trader", "owner"}, TRADER: {"trader", "owner"}, OWNER: {"owner"}}


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield address
        else:
            yield from addresses(pattern, address)


ALL = sorted(set(addresses(get_resolver())))
IN_ADMIN = [address for address in ALL if address.startswith(ADMIN)]
IN_ACCOUNT = [address for address in ALL if address.startswith(ACCOUNT)]
IN_TENANTS = sorted(address for address, who in PAGES.items() if who in SEES)


def concrete(address: str) -> str:
    """Fill an address with values that exist in none of the tables."""
    address = (
        re.sub(r"\(\?P<\w+>[^)]*\)|<path:\w+>|<int:\w+>", "1", address).replace("^", "").removesuffix("$")
    )
    return "/" + re.sub(r"<(?:slug|str):\w+>", "order-open", address)


def ids_of(owner) -> dict[str, str]:
    """Return what belongs to a tenant, by the names that addresses have for it."""
    tenant = own_tenant(owner)
    with unit_of_work():
        invitation, _ = invite(tenant_id=tenant.pk, role=VIEWER, note="", stamp=make_stamp())
        key, _ = create_api_key(tenant_id=tenant.pk, scopes=["read"], name="", stamp=make_stamp())
    evaluated = run_at(make_position(tenant, broker="manual"), 104)
    return {
        "connection_id": make_connection(tenant).pk,
        "channel_id": make_channel(tenant_id=tenant.pk).pk,
        "difference_id": make_difference(evaluated.position).pk,
        "dividend_id": make_dividend(owner=tenant).pk,
        "event_id": evaluated.event_id,
        "invitation_id": invitation.pk,
        "key_id": key.pk,
        "membership_id": tenant.memberships.get(user=owner).pk,
        "order_id": evaluated.order.pk,
        "position_id": evaluated.position_id,
        "simulation_id": make_run(tenant).pk,
        "optimization_id": make_grid(tenant).pk,
        "number": 0,
        "table": "trades",
    }


def logged_in() -> tuple[dict[str, SimpleCookie], dict[str, str]]:
    """Return everyone's cookies, and what belongs to the owner's tenant."""
    owner = make_user("olga")
    users = {
        "viewer": make_member(own_tenant(owner), VIEWER, "vera"),
        "trader": make_member(own_tenant(owner), TRADER, "tom"),
        "owner": owner,
        "stranger": make_user("sven"),
        "staff": make_staff("sue"),
    }
    clients = {name: Client() for name in VISITORS}
    for name, user in users.items():
        log_in_lately(clients[name], user)
    return {name: client.cookies for name, client in clients.items()}, ids_of(owner)


@pytest.fixture(scope="module")
def everyone(shared):
    return shared(logged_in)


@pytest.fixture
def ids(everyone) -> dict[str, str]:
    return everyone[1]


@pytest.fixture
def visitors(everyone) -> dict[str, Client]:
    clients = {name: Client() for name in VISITORS}
    for name, cookies in everyone[0].items():
        clients[name].cookies = deepcopy(cookies)
    return clients


def test_every_address_stands_in_a_table():
    calls = {path.removeprefix("/") for _, path in WHO}
    plain = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address): address for address in ALL}
    rest = {address for form, address in plain.items() if form not in calls}

    assert rest - set(IN_ADMIN) - set(IN_ACCOUNT) == set(PAGES)
    assert calls <= set(plain)
    assert set(IN_ACCOUNT) >= ACCOUNT_FOR_ANYONE


@pytest.mark.parametrize("address", [a for a, who in sorted(PAGES.items()) if who in (ANYONE, NOT_FOUND)])
def test_a_page_for_anyone_is_seen_by_anyone(visitors, address):
    for name in VISITORS:
        answer = visitors[name].get(concrete(address))
        assert answer.status_code in ((404,) if PAGES[address] == NOT_FOUND else (200, 405))


# Roles are the same on every database; each page's statements run on all of them in test_query_counts.py.
@pytest.mark.any_database
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("address", IN_TENANTS)
def test_a_page_of_a_tenant_is_seen_by_its_members_with_the_role(visitors, ids, address, method):
    path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(ids[found[1]]), address)
    has_id = "<" in address

    for name in VISITORS:
        answer = getattr(visitors[name], method)(path)
        if name == "nobody":
            assert answer.status_code == 302, name
            assert answer["Location"].startswith("/account/login/?next=/"), name
        elif name in ("stranger", "staff"):  # owners of another tenant
            assert (answer.status_code == 404) == has_id, name
        else:
            who = SENDS.get(address, PAGES[address]) if method == "post" else PAGES[address]
            allowed = name in SEES[who]
            assert (answer.status_code == 403) != allowed, (name, answer.status_code)
            assert answer.status_code < 500


@pytest.mark.parametrize("address", sorted(set(IN_ACCOUNT) - ACCOUNT_FOR_ANYONE))
def test_a_page_about_ones_login_needs_a_login(visitors, address):
    for method in ("get", "post"):
        answer = getattr(visitors["nobody"], method)(concrete(address))
        assert answer.status_code == 302, (method, address)
        assert answer["Location"].startswith("/account/login/"), (method, address)


@pytest.mark.parametrize("visitor", ["nobody", "owner"])
def test_the_admin_is_for_staff(visitors, visitor):
    for address in set(IN_ADMIN) - ADMIN_FOR_ANYONE:
        for method in ("get", "post"):
            answer = getattr(visitors[visitor], method)(concrete(address))
            assert answer.status_code == 302, (method, address)
            assert re.match("/(admin|account)/login/\\?next=/admin/", answer["Location"]), (method, address)


def test_staff_get_in(visitors):
    assert visitors["staff"].get("/admin/").status_code == 200


def test_staff_without_a_second_factor_are_led_to_set_one_up(visitors):
    client = Client()
    client.force_login(User.objects.create_superuser("plain"))

    answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain[0][0] == "/account/2fa/totp/activate/"
    assert "second factor" in answer.text


def test_no_page_with_data_is_kept_in_a_cache_or_shown_in_a_frame(visitors):
    for name in VISITORS:
        answer = visitors[name].get("/")
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert "unsafe" not in answer["Content-Security-Policy"]
