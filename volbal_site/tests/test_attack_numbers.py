"""Numbers that are none: every decimal and integer that any call takes is attacked with all of them."""

from __future__ import annotations

import json
import sys
from urllib.parse import quote

import pytest

from volbal_site.tests.world import all_rows, body_of, make_world, operations, schema_of

pytestmark = pytest.mark.django_db

NINES = "9" * 5000
# Text that is no plain decimal, whatever the field.
NO_NUMBERS = [
    "NaN", "nan", "sNaN", "Infinity", "-Infinity", "inf", "1e3", "1E3", "1e-3", "0x10", "0b1", "1_000", "_1",
    "１００", "١٠٠", "½", "²", "+5", "007", "00", "-007", ".5", "5.", "1.2.3", "1,000", "1 000", " 5", "5 ",
    "\t5", "5\n", "", " ", "-", "--5", "5-", "5$", "$5", "5%", "five", "null", "true", "5\x00", "\u200e5",
    "5\u202e", "𝟝", "0.0000000000001", NINES, f"0.{NINES}", f"{NINES}.5", "1" * 41,
]  # fmt: skip
# JSON values of another kind. Booleans are numbers to Python, and to nobody else.
NO_NUMBER_AT_ALL = ["true", "false", "[]", "[1]", "{}", '{"a":1}', '[["1"]]']
# JSON numbers too large, too small or too long for the ledger.
WRONG_LITERALS = ["1e300", "1e-300", "1e999", "-1e999", NINES, f"0.{NINES}", "1e5000", "0.0000000000001"]
TOO_LARGE = ["1" * 16, "1" * 40, "999999999999999.5"]
NUMBER_CODES = {"invalid-number", "out-of-range", "invalid-config"}


def code_of(answer):
    return answer.json()["type"].rsplit("/", 1)[1]


def is_decimal(schema):
    return any(form.get("type") == "number" for form in schema.get("anyOf", []))


def is_decimal_in_query(parameter):
    pattern = parameter.get("schema", {}).get("pattern", "")
    return parameter.get("in") == "query" and pattern.startswith(("^(0|", "^-?(0|"))


BODY_NUMBERS = sorted(
    (*call, name)
    for call, operation in operations().items()
    for name, schema in schema_of(operation).items()
    if is_decimal(schema)
)
QUERY_NUMBERS = sorted(
    (*call, parameter["name"])
    for call, operation in operations().items()
    for parameter in operation["parameters"]
    if is_decimal_in_query(parameter)
)
QUERY_INTEGERS = sorted(
    (*call, parameter["name"])
    for call, operation in operations().items()
    for parameter in operation["parameters"]
    if parameter.get("in") == "query" and parameter["schema"].get("type") == "integer"
)


@pytest.fixture(scope="module")
def world(shared):
    return shared(make_world)


def with_literal(body, name, literal):
    """Return a body as text in which one field is exactly this JSON."""
    return json.dumps({**body, name: "<here>"}).replace('"<here>"', literal)


def test_there_are_numbers_to_attack():
    assert ("POST", "/v1/positions", "qty") in BODY_NUMBERS
    assert ("POST", "/v1/positions/{position_id}/evaluate", "price") in QUERY_NUMBERS
    assert ("GET", "/v1/orders", "limit") in QUERY_INTEGERS


@pytest.mark.parametrize(("method", "path", "name"), BODY_NUMBERS)
def test_no_wrong_number_in_a_body_passes(world, method, path, name):
    before = all_rows()
    texts = [json.dumps(text) for text in (*NO_NUMBERS, *TOO_LARGE)]

    for literal in [*texts, *NO_NUMBER_AT_ALL, *WRONG_LITERALS]:
        body = with_literal(body_of(method, path), name, literal)
        answer = world.api.call(method, world.address(path), body)
        assert answer.status_code == 422, (literal[:50], answer.content)
        assert code_of(answer) in NUMBER_CODES, (literal[:50], answer.content)
        assert answer.json()["errors"][0]["pointer"].endswith(f"/{name}"), answer.content
    assert all_rows() == before


@pytest.mark.parametrize(("method", "path", "name"), BODY_NUMBERS)
@pytest.mark.parametrize(
    "literal", ["NaN", "Infinity", "-Infinity", "+5", "007", ".5", "5.", "0x10", "1_000", "-"]
)
def test_what_is_no_number_to_json_is_no_json(world, method, path, name, literal):
    before = all_rows()

    answer = world.api.call(method, world.address(path), with_literal(body_of(method, path), name, literal))

    assert (answer.status_code, code_of(answer)) == (400, "malformed-json")
    assert all_rows() == before


@pytest.mark.parametrize(("method", "path", "name"), QUERY_NUMBERS)
def test_no_wrong_number_in_a_query_passes(world, method, path, name):
    before = all_rows()

    for text in [*NO_NUMBERS, *TOO_LARGE, "-1"]:
        address = world.url(method, path, f"{name}={quote(text)}")
        answer = world.api.call(method, address)
        assert answer.status_code == 422, (text[:50], answer.content)
        assert code_of(answer) in NUMBER_CODES, (text[:50], answer.content)
    assert all_rows() == before


@pytest.mark.parametrize(("method", "path", "name"), QUERY_INTEGERS)
def test_no_wrong_integer_in_a_query_passes(world, method, path, name):
    for text in [*NO_NUMBERS, *TOO_LARGE, "-1", "1.0", "1.5", "501", "9" * 18]:
        if text == "501" and name != "limit":
            continue
        answer = world.api.call(method, world.url(method, path, f"{name}={quote(text)}"))
        assert answer.status_code == 422, (text[:50], answer.content)
        assert code_of(answer) in NUMBER_CODES


@pytest.mark.parametrize("text", ["100", "100.0", "100.00000000", "1e2", "1.0E+2"])
def test_a_number_counts_as_what_it_is_however_it_is_written(world, text):
    """As a string only the plain forms are numbers; JSON's own numbers may have an exponent."""
    body = {"ticker": "IBM", "cash": "0"}
    literals = [text] if "e" in text.lower() else [text, f'"{text}"']

    for literal in literals:
        answer = world.api.post("/positions", with_literal(body, "qty", literal))
        assert (answer.status_code, answer.json().get("qty")) == (201, "100")


def calls_made_by(act):
    """Return how many calls, Python's and C's, `act` makes: the same however busy the machine is."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "hostile",
    [
        with_literal({"amount": "1"}, "amount", NINES),
        with_literal({"amount": "1"}, "amount", f'"{NINES}"'),
        with_literal({"amount": "1"}, "amount", f"1e{NINES}"),
        "[" * 20_000,
        '{"amount":' * 6_000,
        '{"amount":' + "[" * 20_000 + "]" * 20_000 + "}",
    ],
    ids=lambda body: body[:20],
)
def test_a_huge_number_or_deep_nesting_is_no_more_work_than_any_refusal(world, hostile):
    path = world.address("/v1/positions/{position_id}/cash")
    send = world.api.post
    send(path, {"amount": "x"})

    plain = calls_made_by(lambda: send(path, {"amount": "x"}))

    assert calls_made_by(lambda: send(path, hostile)) < 2 * plain
