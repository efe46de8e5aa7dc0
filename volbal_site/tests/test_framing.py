"""Bodies without a length, and charsets that are none: what is put right before Django sees it."""

from __future__ import annotations

import json

import pytest

from positions.models import Position
from positions.tests.builders import make_tenant
from volbal_site.tests.api_client import make_key
from volbal_site.tests.wire import send

pytestmark = pytest.mark.django_db

CELL = json.dumps({"ticker": "IBM", "qty": "1", "cash": "5"}).encode()
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": "application/json"}


@pytest.fixture
def key():
    return make_key(make_tenant("ann"))


def test_a_chunked_body_is_read(key):
    assert send("POST", "/v1/positions", CELL, key=key, **CHUNKED).status == 201


def test_a_chunked_body_that_is_too_large_is_refused_before_it_is_read_in_full(key):
    answer = send("POST", "/v1/positions", b" " * 10_000_000, key=key, **CHUNKED)

    assert (answer.status, answer.code) == (413, "payload-too-large")
    assert not Position.objects.exists()


def test_exactly_64_kb_are_taken_and_one_byte_more_is_not(key):
    padding = b" " * (65_536 - len(CELL))

    assert send("POST", "/v1/positions", CELL + padding, key=key, **CHUNKED).status == 201
    assert send("POST", "/v1/positions", CELL + padding + b" ", key=key, **CHUNKED).status == 413


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        'application/json; charset="UTF-8"',
        "application/json;charset=us-ascii",
        "application/json; profile=x",
    ],
)
def test_utf_8_may_be_said(key, content_type):
    meta = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(CELL))}

    assert send("POST", "/v1/positions", CELL, key=key, **meta).status == 201


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "application/json; charset=zlib",
        "application/json; charset=nonsense",
        "application/json; charset=",
        "application/json; charset=utf-8; charset=zlib",
        "application/json; charset*=utf-8''zlib",
        "application/json; charset*0=zl; charset*1=ib",
        "application/json; x*=bogus''y",
        "application/json; x*=idna''%ff",
        "application/json; charset=\x00",
    ],
)
def test_another_charset_is_refused_and_breaks_nothing(key, content_type):
    meta = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(CELL))}

    answer = send("POST", "/v1/positions", CELL, key=key, query="a=b", **meta)

    assert (answer.status, answer.code) == (415, "unsupported-media-type")
    assert not Position.objects.exists()
    assert send("GET", "/v1/positions", key=key, **meta).status == 200
    assert send("GET", "/problems/", query="a=b", **meta).status == 200
    assert send("POST", "/admin/login/", CELL, query="a=b", **meta).status == 403
