"""The log: one line a request and one an event, with the request's id, and never what a caller sent."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
import structlog

from accounts.models import ApiKey
from positions.tests.builders import make_position, make_tenant
from volbal_site.logs import lines, logging_settings
from volbal_site.tests.api_client import Api, make_key
from volbal_site.tests.away import database_away
from volbal_site.tests.wire import send

CANARY = "c4n4ry-5ecret"


class Log:
    """What the root handler would write, in one of the two forms."""

    def __init__(self, handler: logging.StreamHandler[io.StringIO]) -> None:
        self.handler = handler

    @property
    def text(self) -> str:
        return self.handler.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == "request"]


def logged_as(*, for_people: bool):
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(lines(for_people=for_people))
    logging.getLogger().addHandler(handler)
    yield Log(handler)
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def log():
    yield from logged_as(for_people=False)


@pytest.fixture
def readable_log():
    yield from logged_as(for_people=True)


@pytest.fixture
def tenant():
    return make_tenant("ann")


@pytest.mark.django_db
def test_a_request_is_one_line(log, tenant):
    api = Api(make_key(tenant))

    answer = api.call("GET", f"/positions?ticker={CANARY[:5]}", X_Request_ID="r-1")

    line, *more = log.lines
    assert more == []
    assert answer["X-Request-ID"] == "r-1"
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("ms") > 0
    assert line == {
        "event": "request",
        "request_id": "r-1",
        "level": "info",
        "logger": "volbal_site.access",
        "method": "GET",
        "path": "/v1/positions",
        "status": 200,
        "key": ApiKey.objects.get().pk,
    }


@pytest.mark.django_db
def test_a_refused_key_is_still_named_and_nobody_is_not(log, tenant):
    Api(make_key(tenant, "trade")).get("/positions")
    Api(None).get("/positions")

    assert [line["key"] for line in log.requests] == [ApiKey.objects.get().pk, None]
    assert [line["status"] for line in log.requests] == [403, 401]


@pytest.mark.django_db
def test_every_line_of_a_request_has_its_id_and_the_next_one_another(log, tenant, monkeypatch):
    monkeypatch.setattr("positions.api.page", lambda *args: 1 / 0)
    api = Api(make_key(tenant))

    answer = api.call("GET", "/positions", X_Request_ID="r-1")
    other = api.get("/healthz")

    assert answer.status_code == 500
    assert {line["event"]: line["request_id"] for line in log.lines if line.get("request_id") == "r-1"} == {
        "request_failed": "r-1",
        "request": "r-1",
    }
    failed = next(line for line in log.lines if line["event"] == "request_failed")
    assert "ZeroDivisionError" in failed["exception"]
    assert log.requests[-1]["request_id"] == other["X-Request-ID"]
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", ["log", "readable_log"])
def test_nothing_that_a_caller_sent_is_ever_logged(request, form, tenant, monkeypatch):
    log = request.getfixturevalue(form)
    key = make_key(tenant)
    secret = key.rsplit("_", 1)[1]
    api, position = Api(key), make_position(tenant=tenant)
    path = f"/positions/{position.pk}"
    hostile = {"X_Canary": CANARY, "Cookie": f"sessionid={CANARY}", "Referer": CANARY, "User_Agent": CANARY}

    for body in (
        {"amount": CANARY},
        {CANARY: "1"},
        {"amount": "1"},
        {"amount": "-9999999"},
        f'{{"{CANARY}',
        "{",
    ):
        for idempotency in ({}, {"Idempotency_Key": CANARY}):
            api.call("POST", f"{path}/cash?{CANARY}={CANARY}", body, **hostile, **idempotency)
            api.call("POST", f"{path}/cash", body, **hostile, **idempotency)
    api.client.post("/v1/positions", CANARY, content_type=f"text/plain; x={CANARY}", headers=api.headers)
    api.call("POST", "/positions", {"ticker": "IBM", "qty": "1", "cash": "1", "broker": CANARY}, **hostile)
    api.call("POST", "/positions", CANARY * 7000, **hostile)
    api.call("DELETE", f"/positions?{CANARY}", **hostile)
    api.client.get("/problems/", {CANARY: CANARY}, HTTP_HOST=f"{CANARY}.example")
    api.client.get("/v1/positions", {CANARY: CANARY}, HTTP_HOST=f"{CANARY}.example")
    Api(CANARY).get("/positions")
    Api(f"{key}{CANARY}").get("/positions")
    send("GET", "/v1/positions", query=f"a={CANARY}&a={CANARY}", key=CANARY)
    with database_away():
        api.call("POST", f"{path}/cash?{CANARY}", {"amount": CANARY}, **hostile)
    with monkeypatch.context() as broken:
        broken.setattr("positions.api.services.move_cash", lambda **_: 1 / 0)
        assert api.post(f"{path}/cash", {"amount": "1"}).status_code == 500

    assert "/cash" in log.text
    assert "ZeroDivisionError" in log.text
    assert CANARY not in log.text
    assert secret not in log.text


@pytest.mark.parametrize("form", ["log", "readable_log"])
def test_a_key_in_a_librarys_message_or_a_traceback_loses_its_secret(request, form):
    log = request.getfixturevalue(form)
    key = f"vb_{'a1' * 8}_{'b2' * 32}"

    logging.getLogger("library").warning("sent %s", key)
    try:
        raise ValueError(key)
    except ValueError:
        structlog.get_logger("ours").exception("failed", value=key)

    assert log.text.count(f"vb_{'a1' * 8}_...") >= 3
    assert "b2b2" not in log.text


def test_tracebacks_for_people_show_no_variables(readable_log):
    inside = CANARY

    try:
        raise ValueError(len(inside))
    except ValueError:
        structlog.get_logger("ours").exception("failed")

    assert "ValueError: 13" in readable_log.text
    assert CANARY not in readable_log.text


@pytest.mark.django_db
def test_a_path_can_not_forge_a_line(readable_log):
    send("GET", "/v1/x\n2026-01-01 [info] forged\x1b[31m", query="")

    assert "forged" in readable_log.text
    assert "\nforged" not in readable_log.text
    assert "\x1b" not in readable_log.text
    assert len(readable_log.text.splitlines()) == 1


def test_what_quotes_callers_is_silenced():
    loggers = logging_settings(for_people=False, level="INFO")["loggers"]

    assert loggers["django.server"] == {"handlers": [], "level": "CRITICAL", "propagate": False}
    assert loggers["django.security"]["level"] == "CRITICAL"
