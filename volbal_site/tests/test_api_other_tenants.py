"""What another tenant has looks like nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from volbal_site.tests.test_api_edge import WHO
from volbal_site.tests.world import RANDOM_ID, all_rows, body_of, make_world, operations, schema_of
from volbal_site.tests.world import filled_in as with_ids

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def worlds(shared):
    return shared(lambda: (make_world("ann"), make_world("bob")))


def ids_beside_the_path() -> Iterator[tuple[str, str, str, str]]:
    """Yield (method, path, name, body or query) of every id that a call takes elsewhere than in its path."""
    for (method, path), call in operations().items():
        for name in schema_of(call):
            if name.endswith("_id") and name != "execution_id":
                yield method, path, name, "body"
        for parameter in call["parameters"]:
            if parameter.get("in") == "query" and parameter["name"].endswith("_id"):
                yield method, path, parameter["name"], "query"


@pytest.mark.parametrize(("method", "path"), sorted(call for call in WHO if "{" in call[1]))
def test_another_tenants_things_look_exactly_like_none(worlds, method, path):
    """Each id alone: another tenant's event of one's own cell is none either."""
    world, other = worlds
    before = all_rows()

    for name in re.findall(r"{(\w+)}", path):
        theirs, nobodys = (
            other.api.call(
                method, with_ids(path, {**other.ids, name: key}), body_of(method, path), X_Request_ID="same"
            )
            for key in (world.ids[name], RANDOM_ID)
        )
        assert theirs.status_code == 404
        assert theirs.json() == {**nobodys.json(), "instance": theirs.json()["instance"]}
        assert theirs.headers == nobodys.headers
    assert all_rows() == before


@pytest.mark.parametrize(("method", "path", "name", "place"), list(ids_beside_the_path()))
def test_so_do_they_in_a_body_or_a_query(worlds, method, path, name, place):
    world, other = worlds
    before = all_rows()

    theirs, nobodys = (
        other.api.call(
            method,
            other.url(method, path, f"{name}={key}" if place == "query" else ""),
            {**body_of(method, path), name: key} if place == "body" else None,
            X_Request_ID="same",
        )
        for key in (world.ids[name], RANDOM_ID)
    )

    assert theirs.status_code == 404
    assert theirs.json() == nobodys.json()
    assert theirs.headers == nobodys.headers
    assert all_rows() == before
