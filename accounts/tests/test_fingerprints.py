"""Two requests are the same when they ask for the same, however it is written."""

import json
import sys
import uuid
from itertools import combinations

import pytest

from accounts.errors import IdempotencyKeyInvalid, IdempotencyKeyMissing
from accounts.idempotency import check_key, fingerprint_of
from volbal import strict_json
from volbal.errors import BadInput, MalformedJson

ID = uuid.UUID(int=7)


def fingerprint(body="{}", method="POST", route="/v1/x/{id}", path_ids=None, query=None):
    return fingerprint_of(method, route, path_ids or {"id": ID}, strict_json.loads(body.encode()), query)


@pytest.mark.parametrize(
    "same",
    [
        ['{"qty": "100"}', '{"qty": "100.00"}', '{"qty": 100}', '{"qty":100.0}', '{"qty": 1E+2}'],
        ['{"qty": "0"}', '{"qty": "0.000"}', '{"qty": -0}', '{"qty": "-0.0"}', '{"qty": 0e9}'],
        ['{"a": "x", "b": [1, {"c": null}]}', ' {"b":["1.0",{"c":null}],"a":"\\u0078"} '],
        ['{"a": "0.1"}', '{"a": 0.1}', '{"a": 0.10000}', '{"a": 1e-1}'],
    ],
)  # fmt: skip
def test_the_same_request_written_differently(same):
    assert len({fingerprint(body) for body in same}) == 1


@pytest.mark.parametrize(
    "bodies",
    [
        ['{"qty": "100"}', '{"qty": "1000"}', '{"qty": "-100"}', '{"qty": "100.000001"}', '{"qty": ["100"]}'],
        ['{"a": true}', '{"a": "true"}', '{"a": 1}', '{"a": null}', '{"a": "null"}', "{}", "null", "[]"],
        ['{"a": "1e2"}', '{"a": "100"}', '{"a": "0100"}', '{"a": " 100"}', '{"a": "\uff11"}'],
        ['{"a": {"b": "1"}}', '{"a": {}, "b": "1"}', '{"a": [1, 2]}', '{"a": [2, 1]}'],
        ['{"execution_id": "1.0"}', '{"execution_id": "1.00"}', '{"execution_id": "1"}'],
        # the 29th digit counts, whatever Decimal's context thinks
        ['{"a": "1.00000000000000000000000000001"}', '{"a": "1.00000000000000000000000000002"}'],
        ['{"a": "\\ud800"}', '{"a": "\\ud801"}', '{"a": "?"}'],
    ],
)  # fmt: skip
def test_different_requests_are_told_apart(bodies):
    for one, other in combinations(bodies, 2):
        assert fingerprint(one) != fingerprint(other), (one, other)


def test_method_route_ids_and_query_count_too():
    variants = [
        fingerprint(),
        fingerprint(method="PUT"),
        fingerprint(route="/v1/y/{id}"),
        fingerprint(path_ids={"id": uuid.UUID(int=8)}),
        fingerprint(query={"price": "150"}),
        fingerprint(query={"price": "151"}),
        fingerprint(body='{"price": "150"}'),
    ]

    assert len(set(variants)) == len(variants)
    assert fingerprint(method="post", path_ids={"id": str(ID)}) == fingerprint()
    assert fingerprint(query={"price": "150.0"}) == fingerprint(query={"price": "150"})
    assert len(fingerprint()) == 64


@pytest.mark.parametrize("number", ["1e999", "1e-999", "-1E999", "1" * 5000, "0." + "1" * 5000, "1e99999"])
def test_absurd_numbers_cost_nothing_and_are_no_error(number):
    assert fingerprint(f'{{"qty": {number}}}') != fingerprint('{"qty": 1}')


def test_what_is_nested_too_deep_is_bad_input():
    deep = []
    for _ in range(sys.getrecursionlimit()):
        deep = [deep]

    with pytest.raises(MalformedJson):
        fingerprint_of("POST", "/", {}, deep)


@pytest.mark.parametrize("depth", [1, 10, 200, 400, 600, 800, 950, 1000, 100_000])
def test_any_depth_is_either_read_or_bad_input(depth):
    for body in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        try:
            assert len(fingerprint(body)) == 64
        except MalformedJson:
            assert depth > 100


@pytest.mark.parametrize("key", ["k", "a b", "~!\"'", "x" * 255, str(ID)])
def test_a_printable_key_is_taken_as_it_is(key):
    assert check_key(key, required=True) == check_key(key, required=False) == key


@pytest.mark.parametrize(
    "key", ["x" * 256, "é", "a\x00b", "a\n", "\x7f", "a\tb", "🙂", "\ud800", "x" * 10**6]
)
@pytest.mark.parametrize("required", [True, False])
def test_a_malformed_key_is_refused(key, required):
    with pytest.raises(IdempotencyKeyInvalid) as caught:
        check_key(key, required=required)

    assert caught.value.code == "idempotency-key-invalid"
    assert isinstance(caught.value, BadInput)


def test_a_missing_key_is_refused_only_where_one_is_needed():
    assert check_key(None, required=False) is None
    for text, required in ((None, True), ("", True), ("", False), ("  ", False)):
        with pytest.raises(IdempotencyKeyMissing) as caught:
            check_key(text, required=required)
        assert caught.value.code == "idempotency-key-missing"


def test_a_fingerprint_never_changes_between_releases():
    """Keys of orders are kept for ever: what was the same request must stay it."""
    body = json.dumps({"side": "BUY", "qty": "100.00", "price": 1.5})

    assert fingerprint(body) == "07f6c65d9b92d03c2a57aaddede1edba3a7c01bb657c412a943c165cf2b277e6"
