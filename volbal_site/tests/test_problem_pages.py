"""`/problems/`: every code that the API can answer has a page, and every problem's `type` leads to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from positions.tests.builders import make_tenant
from volbal.errors import BadInput, Conflict, Refused, VolbalError
from volbal_site import api  # noqa: F401  loads every room, and so every error
from volbal_site.problem_texts import PROBLEMS
from volbal_site.problems import FIELD_CODES, OUR_CODES, PLAIN, STATUSES
from volbal_site.tests.api_client import Api, make_key

FAMILIES = {VolbalError, BadInput, Conflict, Refused, *(family for family, _ in STATUSES)}


def below(error: type[VolbalError]) -> Iterator[type[VolbalError]]:
    yield error
    for kind in error.__subclasses__():
        yield from below(kind)


def errors() -> list[type[VolbalError]]:
    """Return every error that can be raised: those with a code of their own."""
    found = (error for error in below(VolbalError) if error.__module__.split(".")[1:2] != ["tests"])
    return sorted({error for error in found if "code" in vars(error)} - {VolbalError}, key=str)


def status_of(error: type[VolbalError]) -> int:
    return next(status for family, status in STATUSES if issubclass(error, family))


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
def test_every_error_has_a_page_with_its_status(error):
    assert error.code in PROBLEMS, f"say in volbal_site/problem_texts.py what {error.code} means"
    assert PROBLEMS[error.code].status == status_of(error)


def test_so_has_what_the_framework_refuses_and_what_is_wrong_with_a_field():
    assert {status: PROBLEMS[code].status for status, code in PLAIN.items()} == {
        status: status for status in PLAIN
    }
    assert {*FIELD_CODES.values(), *OUR_CODES} <= set(PROBLEMS)


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_a_page_says_what_it_means_and_what_to_do(code, client):
    answer = client.get(f"/problems/{code}")

    assert answer.status_code == 200
    text = PROBLEMS[code]
    for words in (text.title, text.meaning, text.remedy):
        assert words in answer.text.replace("&#x27;", "'")
    assert "script" not in answer.text
    assert "'none'" in answer["Content-Security-Policy"]


def test_the_index_leads_to_every_page(client):
    answer = client.get("/problems/")

    assert all(f'href="/problems/{code}"' in answer.text for code in PROBLEMS)


@pytest.mark.parametrize("code", ["nonsense", "x" * 5000, "ORDER-OPEN", "../admin"])
def test_an_unknown_code_is_404(client, code):
    assert client.get(f"/problems/{code}").status_code == 404


def test_pages_are_read_only(client):
    assert client.post("/problems/order-open").status_code in (403, 405)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/nowhere", None),
        ("PUT", "/positions", {}),
        ("POST", "/positions", "{"),
        ("POST", "/positions", {"qty": "NaN"}),
        ("POST", "/positions", " " * 70_000),
    ],
)
def test_the_type_of_a_problem_is_the_address_of_its_page(method, path, body):
    problem = Api(make_key(make_tenant("ann"))).call(method, path, body).json()

    page = Client().get(problem["type"].removeprefix("http://testserver"))

    assert page.status_code == 200
    assert problem["title"] in page.text.replace("&#x27;", "'")
