"""Alerts by webhook: signed, once, to nowhere but the URL that was given."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from accounts.transactions import unit_of_work
from alerts import webhook
from alerts.channels import renew_secret
from alerts.signing import webhook_secret
from alerts.tests.builders import (
    STAMP,
    deliver,
    make_alert,
    make_channel,
    make_tenant,
    only_delivery,
    states,
    webhook_to,
)

pytestmark = pytest.mark.django_db

SOON = timedelta(minutes=1)


def is_signed(call, secret):
    """Check a call as docs/operations.md tells receivers to."""
    seconds, _, signature = call.headers["volbal-signature"].partition(",")
    signed = hmac.new(secret.encode(), f"{seconds[2:]}.".encode() + call.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature, f"v1={signed}")


def test_an_alert_is_posted_once_signed_and_with_its_ids(hooks):
    channel = webhook_to(hooks, "/hook?a=1")
    alert = make_alert()

    assert [deliver(), deliver(), deliver(timedelta(days=2))] == [1, 0, 0]

    (call,) = hooks.arrived
    assert json.loads(call.body) == {
        "id": str(only_delivery().pk),
        "alert_id": str(alert.pk),
        "kind": "halt",
        "title": "Trading stopped: IBM #1",
        "message": "Trading is halted: test",
        "at": "2024-01-08T16:00:00+00:00",
        "tenant_id": str(make_tenant().pk),
        "position_id": None,
        "event_id": None,
    }
    assert (call.path, call.headers["content-type"]) == ("/hook?a=1", "application/json")
    assert call.headers["host"] == f"127.0.0.1:{hooks.port}"
    assert call.headers["volbal-delivery"] == str(only_delivery().pk)
    assert is_signed(call, webhook_secret(channel))
    assert not is_signed(call, "whsec_other")
    assert states() == ["delivered"]


def test_a_new_secret_signs_from_then_on(hooks):
    channel = webhook_to(hooks)
    old = webhook_secret(channel)
    with unit_of_work():
        new = webhook_secret(renew_secret(channel_id=channel.pk, stamp=STAMP))
    make_alert()

    deliver()
    assert new != old
    assert [is_signed(hooks.arrived[0], secret) for secret in (new, old)] == [True, False]


def test_secrets_depend_on_the_key_of_the_installation(hooks, settings):
    channel = webhook_to(hooks)
    secrets = {webhook_secret(channel)}
    settings.ALERT_SIGNING_KEY = "another key"
    secrets.add(webhook_secret(channel))
    secrets.add(webhook_secret(webhook_to(hooks, "/other")))

    assert len(secrets) == 3


@pytest.mark.parametrize("status", ["500 Oh", "503 Busy", "404 Gone", "302 Found\r\nLocation: /elsewhere"])
def test_any_answer_but_success_is_a_refusal_and_tried_again(hooks, status):
    webhook_to(hooks)
    make_alert()
    hooks.answers["whole"] = f"HTTP/1.1 {status}\r\n\r\n".encode()

    assert [deliver(), deliver()] == [1, 0]
    assert (states(), only_delivery().last_error) == (["waiting"], f"it answered {status[:3]}")

    hooks.answers.clear()
    deliver(SOON)
    assert (states(), [call.path for call in hooks.arrived]) == (["delivered"], ["/hook", "/hook"])
    assert len({call.body for call in hooks.arrived}) == 1


def test_a_provisional_answer_is_waited_past(hooks):
    webhook_to(hooks)
    make_alert()
    hooks.answers["whole"] = b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"

    deliver()
    assert states() == ["delivered"]


def test_a_long_answer_is_not_read(hooks):
    webhook_to(hooks)
    make_alert()
    hooks.answers["whole"] = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 200_000

    deliver()
    assert states() == ["delivered"]


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 what\r\n", b"x" * 100_000])
def test_without_a_proper_answer_it_is_unclear_and_not_sent_twice(hooks, answer):
    webhook_to(hooks)
    make_alert()
    hooks.answers["whole"] = answer

    deliver()
    hooks.answers.clear()
    assert deliver(timedelta(hours=1)) == 0
    assert (states(), len(hooks.arrived)) == (["unclear"], 1)


def test_a_receiver_that_takes_its_time_is_not_waited_for(hooks, monkeypatch):
    monkeypatch.setattr(webhook, "WHOLE_S", 0.2)
    webhook_to(hooks)
    make_alert()
    hooks.answers["whole"] = b"HTTP/1.1 2"  # and the rest never comes
    answered = []
    hooks.hooks["answered"] = lambda: hooks.closing.wait(10) and answered.append(1)

    deliver()
    hooks.closing.set()
    assert (states(), only_delivery().last_error) == (["unclear"], "no answer: TimeoutError")


def test_nobody_there_is_tried_again_and_only_with_one_alert(hooks):
    make_channel("http://127.0.0.1:1/hook")
    webhook_to(hooks)
    make_alert()
    make_alert()

    assert deliver() == 3
    assert sorted(states()) == ["delivered", "delivered", "waiting", "waiting"]


def test_private_addresses_are_refused_unless_allowed(hooks, settings):
    webhook_to(hooks)
    make_alert()
    settings.ALERT_WEBHOOK_ALLOW_PRIVATE = False

    deliver()
    assert (states(), hooks.connections) == (["waiting"], 0)
    assert only_delivery().last_error == "its host is on a private network"


def test_a_channel_that_was_switched_off_or_deleted_is_sent_nothing_more(hooks):
    off, deleted = webhook_to(hooks, "/off"), webhook_to(hooks, "/deleted")
    make_alert()
    hooks.answers["whole"] = b"HTTP/1.1 500 Oh\r\n\r\n"
    deliver()
    off.is_active = False
    off.save()
    deleted.delete()

    assert deliver(timedelta(hours=1)) == 0
    assert len(hooks.arrived) == 2
