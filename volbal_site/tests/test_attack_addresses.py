"""Methods, paths, queries and headers that no call has: each is refused by its code and changes nothing."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from volbal_site.tests.wire import send
from volbal_site.tests.world import RANDOM_ID, all_rows, body_of, filled_in, make_world, operations

pytestmark = pytest.mark.django_db

CALLS = sorted(operations())
WITH_KEY = [call for call in CALLS if operations()[call]["security"]]
PATHS = sorted({path for _, path in CALLS})
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X" * 500]
LONG = "x" * 10_000


@pytest.fixture(scope="module")
def world(shared):
    return shared(make_world)


def key_of(world):
    return world.api.headers["Authorization"].removeprefix("Bearer ")


def code_of(answer):
    return answer.json()["type"].rsplit("/", 1)[1]


@pytest.mark.parametrize("path", PATHS)
def test_another_method_is_405_and_the_answer_lists_those_there_are(world, path):
    before = all_rows()
    allowed = {method for method, its_path in CALLS if its_path == path}

    for method in METHODS:
        if method in allowed:
            continue
        answer = send(method, f"/v1{world.address(path)}", key=key_of(world))
        assert (answer.status, answer.headers["Content-Type"]) == (405, "application/problem+json"), method
        assert set(answer.headers["Allow"].split(", ")) == allowed
        assert method == "HEAD" or answer.code == "method-not-allowed"
    assert all_rows() == before


def tricks(path, ids):
    """Yield addresses that are nearly one of ours."""
    for name, value in ids.items():
        if f"{{{name}}}" not in path:
            continue
        for wrong in (
            value.upper(), f"{{{value}}}", f"urn:uuid:{value}", value.replace("-", ""), value[:-1],
            f"{value}0", f"{value}\x00", f"\x00{value}", f"{value} ", f"{value}\n", f"{value};a=b",
            f"{value}%00", "null", "..", "../positions", "-1", "0", "1 OR 1=1", "\xed\xa0\x80", "\xff\xfe",
            "😀".encode().decode("latin-1"), "x" * 5000, "", "*",
        ):  # fmt: skip
            yield filled_in(path, {**ids, name: wrong})
    address = filled_in(path, ids)
    yield from (f"{address}/", f"{address}//", f"/{address}", address.replace("/", "//"), f"{address}/../x")
    yield from (f"{address}.json", f"{address}%20", f"{address}\x00", address.upper())


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_an_address_that_is_nearly_one_is_404(world, method, path):
    before = all_rows()

    for address in tricks(path, world.ids):
        answer = send(method, f"/v1{address}", key=key_of(world))
        assert (answer.status, answer.code) == (404, "not-found"), (address, answer.content)
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert all_rows() == before


@pytest.mark.parametrize(("method", "path"), [call for call in WITH_KEY if "{" in call[1]])
def test_an_id_that_nobody_has_is_404(world, method, path):
    before = all_rows()

    for name in world.ids:
        if f"{{{name}}}" in path:
            address = filled_in(path, {**world.ids, name: RANDOM_ID})
            answer = world.api.call(method, address, body_of(method, path))
            assert (answer.status_code, code_of(answer)) == (404, "not-found")
    assert all_rows() == before


@pytest.mark.parametrize(
    "path", ["/v1", "/v2/positions", "/v1x/", "/V1/positions", "//v1/positions", "/v1;/positions"]
)
def test_outside_of_v1_there_is_nothing_like_it(world, path):
    assert send("GET", path, key=key_of(world)).status in (301, 404)


UNKNOWN = [
    "surprise=1",
    "LIMIT=1",
    "limit%00=1",
    "price%20=1",
    f"{LONG}=1",
    "=1",
    "%ff=1",
    "😀=1",
    "id=1",
    "&a&",
]


@pytest.mark.parametrize(("method", "path"), WITH_KEY)
def test_a_parameter_that_a_call_does_not_know_is_refused(world, method, path):
    before = all_rows()

    for query in UNKNOWN:
        answer = world.api.call(method, world.url(method, path, query), body_of(method, path))
        assert (answer.status_code, code_of(answer)) == (422, "unknown-field"), answer.content
        assert len(answer.content) < 2000
    assert all_rows() == before


def queries():
    for call in WITH_KEY:
        for parameter in operations()[call]["parameters"]:
            if parameter.get("in") == "query":
                yield (*call, parameter["name"], str(parameter["example"]).lower())


@pytest.mark.parametrize(("method", "path", "name", "value"), sorted(queries()))
def test_a_parameter_that_comes_twice_is_refused(world, method, path, name, value):
    before = all_rows()

    for again in (value, "", "x", quote("ＩＢＭ")):
        address = world.url(method, path, f"{name}={value}&{name}={again}")
        answer = world.api.call(method, address, body_of(method, path))
        assert (answer.status_code, code_of(answer)) == (422, "out-of-range"), answer.content
        assert answer.json()["errors"][0]["pointer"] == f"/{name}"
    assert all_rows() == before


@pytest.mark.parametrize(("method", "path", "name", "value"), sorted(queries()))
def test_no_hostile_value_of_a_parameter_passes(world, method, path, name, value):
    before = all_rows()
    refused = (404,) if name.endswith("_id") else (422,)  # what is no id is nobody's id

    for text in (
        "\x00",
        f"{value}\x00",
        "\u202e",
        "😀",
        LONG,
        "' OR 1=1 --",
        "<b>",
        "\ud800",
        "\r\nX: y",
        " ",
        "%",
    ):
        encoded = quote(text.encode("utf-8", "surrogatepass"))
        answer = world.api.call(method, world.url(method, path, f"{name}={encoded}"), body_of(method, path))
        assert answer.status_code in refused, (text[:20], answer.content)
        assert len(answer.content) < 20_000
    for raw in ("%ff%fe", "%", "%zz", "%u0031"):
        answer = send(method, f"/v1{world.address(path)}", key=key_of(world), query=f"{name}={raw}")
        assert answer.status in refused, (raw, answer.content)
    assert all_rows() == before


@pytest.mark.parametrize(
    "value", ["1", "0", "yes", "no", "on", "off", "t", "f", "True", "TRUE", "", "2", "truefalse"]
)
def test_a_flag_is_true_or_false_and_nothing_near_it(world, value):
    before = all_rows()
    path = world.address("/v1/positions/{position_id}/evaluate")

    answer = world.api.post(f"{path}?price=104&dry_run={value}")

    assert (answer.status_code, code_of(answer)) == (422, "out-of-range")
    assert all_rows() == before


@pytest.mark.parametrize(
    ("query", "status"), [("a" * 60_000, 422), ("&".join(["a"] * 1001), 400), ("a&" * 30_000, 400)]
)
def test_far_too_many_parameters_are_refused(world, query, status):
    assert send("GET", "/v1/positions", key=key_of(world), query=query).status == status


def bad_authorizations(key):
    return [
        "", " ", "Bearer", "Bearer ", key, f"Bearer{key}", f"Basic {key}", f"bearer  {key}", f"Bearer {key} ",
        f"Bearer {key},Bearer {key}", f"Bearer {key}, Bearer other", f"Bearer {key}\x00", f"Bearer {key}\n",
        f"Bearer {key.upper()}", f"Bearer {key[:-1]}", f"Bearer {key}0", "Bearer " + "x" * 60_000,
        "Bearer vb_" + "0" * 16 + "_" + "0" * 64, "Bearer ключ".encode().decode("latin-1"), "Bearer \xff",
        f"Bearer {key.replace('_', '-')}", f"Token {key}", f"Bearer {key}\u00a0",
        "Bearer vb_" + "０" * 16 + "_" + "0" * 64,
    ]  # fmt: skip


def test_no_authorization_but_the_key_itself_gets_in(world):
    key = key_of(world)
    assert send("GET", "/v1/positions", HTTP_AUTHORIZATION=f"Bearer {key}").status == 200

    for header in bad_authorizations(key):
        answer = send("GET", "/v1/positions", HTTP_AUTHORIZATION=header)
        assert (answer.status, answer.code) == (401, "unauthenticated"), header[:60]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "elsewhere",
    [{"query": "key={}"}, {"query": "access_token={}"}, {"HTTP_X_API_KEY": "{}"}, {"HTTP_COOKIE": "key={}"}],
)
def test_a_key_anywhere_but_in_its_header_is_none(world, elsewhere):
    meta = {name: value.format(key_of(world)) for name, value in elsewhere.items()}

    assert send("GET", "/v1/positions", **meta).status == 401


NO_KEYS = ["", " ", "k" * 256, "k" * 60_000, "ключ".encode().decode("latin-1"), "a\tb", "a\x00b", "\x7f"]


@pytest.mark.parametrize(("method", "path"), [call for call in WITH_KEY if call[0] == "POST"])
def test_a_wrong_idempotency_key_is_refused(world, method, path):
    before = all_rows()

    for key in NO_KEYS:
        answer = world.api.call(method, world.address(path), body_of(method, path), Idempotency_Key=key)
        assert answer.status_code == 400, (key[:10], answer.content)
        assert code_of(answer) in ("idempotency-key-invalid", "idempotency-key-missing")
    assert all_rows() == before


@pytest.mark.parametrize(
    "given",
    ["", " ", "a b", "x" * 65, "x" * 60_000, "a\nb", "\x00", "é", "{}", "<b>", "a,b", "../x", "\x1b[31m"],
)
def test_a_request_id_that_is_not_plain_is_replaced(world, given):
    answer = send("GET", "/v1/positions", key=key_of(world), HTTP_X_REQUEST_ID=given)

    assert answer.status == 200
    assert len(answer.headers["X-Request-ID"]) == 36


@pytest.mark.parametrize("host", ["evil.example", "", "a b", "\x00", "localhost/x", "[::1", "x" * 5000])
@pytest.mark.parametrize("path", ["/v1/positions", "/v1/nowhere", "/v1/healthz"])
def test_a_wrong_host_is_refused_as_a_problem(world, path, host):
    answer = send("GET", path, key=key_of(world), HTTP_HOST=host)

    assert (answer.status, answer.code) == (400, "bad-request")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "evil" not in answer.content.decode()
    assert answer.json()["type"] == "/problems/bad-request"


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_X_ORIGINAL_URL": "/admin/"},
        {"HTTP_ACCEPT": "text/html"},
        {"HTTP_ACCEPT": "\x00"},
        {"HTTP_ACCEPT_LANGUAGE": LONG},
        {"HTTP_COOKIE": "sessionid=x; csrftoken=" + LONG},
        {"HTTP_COOKIE": "\xff=;;;=\x00"},
        {"HTTP_RANGE": "bytes=0-0"},
        {"HTTP_IF_NONE_MATCH": "*"},
        {"HTTP_IF_MODIFIED_SINCE": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_EXPECT": "nonsense"},
        {"HTTP_USER_AGENT": ""},
    ],
    ids=str,
)
def test_headers_that_mean_nothing_here_change_nothing(world, headers):
    answer = send("GET", "/v1/positions", key=key_of(world), **headers)

    assert answer.status == 200
    assert "evil" not in answer.content.decode()
    assert not any(name.startswith("Access-Control") for name in answer.headers)
    assert "Set-Cookie" not in answer.headers
