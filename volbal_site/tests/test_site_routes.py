"""Every address of the whole site stands in a table of who may see it; one that doesn't fails the build.

The API's calls stand in WHO of test_api_edge.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from volbal_site.tests.test_api_edge import WHO

pytestmark = pytest.mark.django_db

ANYONE, STAFF, NOT_FOUND = "anyone", "staff", "nobody: there is nothing"

# Every page, as its address is written in urls.py, and who may see it.
PAGES = {
    "metrics": NOT_FOUND,  # without the token: test_metrics.py
    "problems/": ANYONE,
    "problems/<slug:code>": ANYONE,
    "v1/": NOT_FOUND,
    "v1/docs": ANYONE,
    "v1/openapi.json": ANYONE,
}
# Of the admin only these may be seen without being staff: where one logs in, and out.
ADMIN = "admin/"
ADMIN_FOR_ANYONE = {"admin/login/", "admin/logout/"}


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield address
        else:
            yield from addresses(pattern, address)


ALL = sorted(set(addresses(get_resolver())))
IN_ADMIN = [address for address in ALL if address.startswith(ADMIN)]


def concrete(address: str) -> str:
    """Fill an address with values that exist in none of the tables."""
    address = (
        re.sub(r"\(\?P<\w+>[^)]*\)|<path:\w+>|<int:\w+>", "1", address).replace("^", "").removesuffix("$")
    )
    return "/" + re.sub(r"<slug:\w+>", "order-open", address)


@pytest.fixture
def visitors() -> dict[str, Client]:
    User.objects.create_user("bea")
    User.objects.create_superuser("sue")
    clients = {"nobody": Client(), "member": Client(), "staff": Client()}
    clients["member"].force_login(User.objects.get(username="bea"))
    clients["staff"].force_login(User.objects.get(username="sue"))
    return clients


def test_every_address_stands_in_a_table():
    calls = {path.removeprefix("/") for _, path in WHO}
    plain = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address): address for address in ALL}
    rest = {address for form, address in plain.items() if form not in calls} - set(IN_ADMIN)

    assert rest == set(PAGES)
    assert calls <= set(plain)


@pytest.mark.parametrize(("address", "who"), sorted(PAGES.items()))
def test_a_page_is_seen_by_those_who_may(visitors, address, who):
    for client in visitors.values():
        answer = client.get(concrete(address))
        assert answer.status_code == {ANYONE: 200, NOT_FOUND: 404}[who]


@pytest.mark.parametrize("visitor", ["nobody", "member"])
def test_the_admin_is_for_staff(visitors, visitor):
    for address in set(IN_ADMIN) - ADMIN_FOR_ANYONE:
        for method in ("get", "post"):
            answer = getattr(visitors[visitor], method)(concrete(address))
            assert answer.status_code == 302, (method, address)
            assert answer["Location"].startswith("/admin/login/?next="), (method, address)


def test_staff_get_in(visitors):
    assert visitors["staff"].get("/admin/").status_code == 200
