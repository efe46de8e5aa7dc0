"""Bodies that are none, and text that nobody means, for every call that takes a body."""

from __future__ import annotations

import json
import re

import pytest

from volbal_site.tests.wire import send
from volbal_site.tests.world import all_rows, body_of, make_world, operations, schema_of

pytestmark = pytest.mark.django_db

CALLS = sorted(call for call, operation in operations().items() if "requestBody" in operation)
BODYLESS = sorted(
    (method, path)
    for (method, path), operation in operations().items()
    if method in ("POST", "PUT", "PATCH") and "requestBody" not in operation
)
DEEP = 20_000

# Never JSON, or none that we take: (what, bytes, status, code).
NO_BODIES = [
    ("cut off", b'{"a": ', 400, "malformed-json"),
    ("trailing garbage", b"{} {}", 400, "malformed-json"),
    ("a trailing comma", b'{"a": 1,}', 400, "malformed-json"),
    ("single quotes", b"{'a': 1}", 400, "malformed-json"),
    ("a comment", b"{} // hello", 400, "malformed-json"),
    ("a key twice", b'{"a": 1, "a": 1}', 400, "malformed-json"),
    ("a key twice, written differently", b'{"a": 1, "\\u0061": 1}', 400, "malformed-json"),
    ("a key twice, deep inside", b'{"a": [{"b": 1, "b": 2}]}', 400, "malformed-json"),
    ("NaN", b'{"a": NaN}', 400, "malformed-json"),
    ("minus infinity", b'{"a": -Infinity}', 400, "malformed-json"),
    ("open brackets", b"[" * DEEP, 400, "malformed-json"),
    ("open braces", b'{"a":' * (DEEP // 4), 400, "malformed-json"),
    ("closed brackets", b"[" * DEEP + b"]" * DEEP, 400, "malformed-json"),
    ("a byte order mark", b"\xef\xbb\xbf{}", 400, "malformed-json"),
    ("UTF-16", "{}".encode("utf-16"), 400, "malformed-json"),
    ("UTF-16 without a mark", '{"a": 1}'.encode("utf-16-le"), 400, "malformed-json"),
    ("UTF-32", "{}".encode("utf-32"), 400, "malformed-json"),
    ("latin-1", '{"a": "é"}'.encode("latin-1"), 400, "malformed-json"),
    ("overlong UTF-8", b'{"a": "\xc0\xaf"}', 400, "malformed-json"),
    ("a surrogate in UTF-8", b'{"a": "\xed\xa0\x80"}', 400, "malformed-json"),
    ("NUL", b"\x00", 400, "malformed-json"),
    ("a raw control character", b'{"a": "\x01"}', 400, "malformed-json"),
    ("only blanks", b"   ", 400, "malformed-json"),
    ("gzip", b"\x1f\x8b\x08\x00abc", 400, "malformed-json"),
    ("65,537 bytes", b" " * 65_537, 413, "payload-too-large"),
    ("nothing at all", b"", 422, "missing-field"),
    ("a list", b"[]", 422, "out-of-range"),
    ("a list of objects", b"[{}]", 422, "out-of-range"),
    ("a string", b'"{}"', 422, "out-of-range"),
    ("a number", b"5", 422, "out-of-range"),
    ("a boolean", b"true", 422, "out-of-range"),
    ("null", b"null", 422, "out-of-range"),
]  # fmt: skip

# Text that no ticker, word or id is: refused wherever a value has a form.
HOSTILE_TEXTS = [
    "", " ", "\x00", "IBM\x00", "\ud800", "\udfff\ud800", "\u202eMBI", "\u200bIBM", "\x1b[31m",
    "\r\nX-Evil: 1", "😀", "ＩＢＭ", "İBM", "x" * 10_000, "' OR 1=1 --", "<script>", "../../etc/passwd",
    "{{7*7}}", "%00", "${jndi:ldap}",
]  # fmt: skip


def code_of(answer):
    return answer.json()["type"].rsplit("/", 1)[1]


@pytest.fixture(scope="module")
def world(shared):
    return shared(make_world)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_no_body_that_is_none_passes(world, method, path):
    before = all_rows()

    for what, body, status, code in NO_BODIES:
        answer = world.api.client.generic(
            method, f"/v1{world.address(path)}", body, "application/json", headers=world.api.headers
        )
        assert (answer.status_code, code_of(answer)) == (status, code), (what, answer.content)
        assert answer["Content-Type"] == "application/problem+json"
    assert all_rows() == before


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_unknown_and_hostile_fields_are_refused(world, method, path):
    before = all_rows()

    for name in ("surprise", "id", "__proto__", "tenant_id", "", "\x00", "\ud800", "a" * 5000, "<b>", "qty "):
        answer = world.api.call(method, world.address(path), {**body_of(method, path), name: "1"})
        assert answer.status_code == 422, (name[:20], answer.content)
        assert code_of(answer) in ("unknown-field", "out-of-range")
        assert len(answer.content) < 20_000
    assert all_rows() == before


IN_ONES_OWN_WORDS = {"reason"}


def forms_of_text(schema):
    return [one for one in (schema, *schema.get("anyOf", [])) if one.get("type") == "string"]


@pytest.mark.parametrize(
    ("method", "path", "name"),
    sorted(
        (*call, name)
        for call in CALLS
        for name, schema in schema_of(operations()[call]).items()
        if forms_of_text(schema)
    ),
)
def test_no_hostile_text_passes_and_none_of_another_kind(world, method, path, name):
    """What is of the field's documented form is no attack: a broker may call an execution `<script>`.

    Nor is a line that one may write in words of one's own; pages escape it. What is no id is nobody's id.
    """
    before = all_rows()
    forms = forms_of_text(schema_of(operations()[method, path])[name])
    patterns = [re.compile(form["pattern"].replace("$", r"\Z")) for form in forms if "pattern" in form]
    hostile = [text for text in HOSTILE_TEXTS if not any(pattern.search(text) for pattern in patterns)]
    if name in IN_ONES_OWN_WORDS:
        hostile = [
            text for text in hostile if not text.strip().isprintable() or not 0 < len(text.strip()) < 500
        ]

    for value in [*hostile, True, [], {}, ["IBM"], {"a": "b"}]:
        answer = world.api.call(method, world.address(path), {**body_of(method, path), name: value})
        assert answer.status_code in ((404, 422) if name.endswith("_id") else (422,)), (value, answer.content)
        assert len(answer.content) < 20_000
    assert all_rows() == before


@pytest.mark.parametrize("group", ["trigger", "guardrail", "order_policy"])
@pytest.mark.parametrize("depth", [1, 50, 300, 900, 990, 5000])
def test_settings_nested_to_any_depth_are_refused(world, group, depth):
    """A setting's value is read late, by code of ours: where a parser's limit doesn't help any more."""
    before = all_rows()
    path = world.address("/v1/positions/{position_id}/config")

    for inner in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        for name in ("up_threshold_pct", "min_stock_pct", "min_notional", "surprise"):
            answer = world.api.call("PUT", path, f'{{"{group}": {{"{name}": {inner}}}}}')
            assert (answer.status_code, code_of(answer)) in [
                (400, "malformed-json"),
                (422, "invalid-number"),
                (422, "invalid-config"),
                (422, "unknown-field"),
            ], answer.content
    assert all_rows() == before


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_settings_take_no_hostile_text(world, text):
    before = all_rows()
    path = world.address("/v1/positions/{position_id}/config")

    for body in (
        {"order_policy": {"order_sizing_strategy": text}},
        {"order_policy": {"action_below_min": text}},
        {"guardrail": {"max_daily_notional": text}},
        {"trigger": {text: "3"}},
        {text: {}},
        {"trigger": text},
    ):
        answer = world.api.call("PUT", path, body)
        assert answer.status_code == 422, (body, answer.content)
    assert all_rows() == before


# No day and no time at all, whatever a field takes.
NO_DATES = [
    5, 1e11, "5", "", "now", True, [], {}, "x" * 10_000, "２０２４-01-08", "20240108", "2024-1-8",
    "08.01.2024", "2024-W02-1", "2024-02-30", "2024-13-01", "2024-01-08\x00", " 2024-01-08",
    "-001-01-01", "10000-01-01",
]  # fmt: skip
# Histories that somebody brings along may be older than the calendar.
SPAN = ("first_date", "last_date")
NO_DAYS = [*NO_DATES, "1989-12-31", "0001-01-01", "2024-01-08T00:00:00Z"]
NO_MOMENTS = [
    *NO_DATES, "2024-01-08", "2024-01-08T16:00:00", "2024-01-08 16:00", "2024-13-01T00:00:00Z",
    "2024-02-30T00:00:00Z", "2024-01-08T25:00:00Z", "2024-01-08T16:00:00+99:00", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1989-12-31T23:59:59Z",
    "２０２４-01-08T16:00:00Z", "-001-01-01T00:00:00Z", "2024-01-08T16:00:00Z\x00",
]  # fmt: skip


def fields_of_format(name):
    for call in CALLS:
        for field, schema in schema_of(operations()[call]).items():
            if any(one.get("format") == name for one in (schema, *schema.get("anyOf", []))):
                yield (*call, field)


@pytest.mark.parametrize(
    ("method", "path", "name", "wrong"),
    [
        *((*field, NO_DATES if field[2] in SPAN else NO_DAYS) for field in fields_of_format("date")),
        *((*field, NO_MOMENTS) for field in fields_of_format("date-time")),
    ],
    ids=lambda value: "" if isinstance(value, list) else None,
)
def test_no_time_that_is_none_passes(world, method, path, name, wrong):
    before = all_rows()

    for value in wrong:
        answer = world.api.call(method, world.address(path), {**body_of(method, path), name: value})
        assert (answer.status_code, code_of(answer)) == (422, "out-of-range"), (value, answer.content)
    assert all_rows() == before


@pytest.mark.parametrize(("method", "path"), BODYLESS)
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"price": "104"}, 422, "unknown-field"),
        ([1], 422, "unknown-field"),
        ("5", 422, "unknown-field"),
        ("{", 400, "malformed-json"),
        (" " * 70_000, 413, "payload-too-large"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_call_without_a_body_refuses_one(world, method, path, body, status, code):
    before = all_rows()

    answer = world.api.call(method, world.address(path), body)

    assert (answer.status_code, code_of(answer)) == (status, code)
    assert all_rows() == before


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize(
    "content_type",
    [
        "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", ";",
        "application/xml", "application/jsonx", "application/problem+json", "application/json, text/plain",
        "\x00",
    ],
)  # fmt: skip
def test_another_content_type_is_refused(world, method, path, content_type):
    before = all_rows()
    body = json.dumps(body_of(method, path)).encode()
    key = world.api.headers["Authorization"].removeprefix("Bearer ")
    length = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body))}

    answer = send(method, f"/v1{world.address(path)}", body, key=key, **length)

    assert (answer.status, answer.code) == (415, "unsupported-media-type")
    assert all_rows() == before


@pytest.mark.parametrize(
    ("length", "status", "code"),
    [
        ("-5", 400, "bad-request"),
        ("+5", 400, "bad-request"),
        ("5.0", 400, "bad-request"),
        ("five", 400, "bad-request"),
        ("²", 400, "bad-request"),
        ("５", 400, "bad-request"),
        ("9" * 5000, 400, "bad-request"),
        ("65537", 413, "payload-too-large"),
        ("9" * 18, 413, "payload-too-large"),
        ("7", 400, "malformed-json"),  # shorter than the body: it is cut off
        ("5000", 400, "malformed-json"),  # longer: the connection ended before it was complete
        ("0", 422, "missing-field"),
        ("", 422, "missing-field"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_wrong_length_is_refused(world, length, status, code):
    before = all_rows()
    key = world.api.headers["Authorization"].removeprefix("Bearer ")
    body = b'{"ticker": "IBM", "qty": "1", "cash": "1"'  # one brace short, so that none of it can count

    meta = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": length}
    answer = send("POST", "/v1/positions", body, key=key, **meta)

    assert (answer.status, answer.code) == (status, code)
    assert all_rows() == before
