"""The pages of alerts, and of where they are sent."""

from __future__ import annotations

import hmac
import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import NotFound
from accounts.models import Role
from accounts.tests.people import log_in_lately, logged_in, make_member, make_user, own_tenant, send_form
from accounts.transactions import unit_of_work
from alerts.alert_words import ALERT_WORDS
from alerts.channels import close_channel
from alerts.models import Alert, AlertChannel, AlertDelivery, AlertKind
from alerts.routing import route_alerts
from alerts.signing import webhook_secret
from alerts.tests.builders import AT, make_alert, make_channel, webhook_to

pytestmark = pytest.mark.django_db

CHANNELS = "/settings/alerts"


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def client(olga):
    client = Client()
    log_in_lately(client, olga)
    return client


@pytest.fixture
def about(olga):
    """Alerts about olga's tenant."""
    return {"tenant_id": own_tenant(olga).pk}


def test_an_empty_page_says_what_will_stand_there(client):
    assert "No alerts" in client.get("/alerts").text


def test_every_kind_is_explained_with_a_way_out(client):
    page = client.get("/alerts").text

    assert set(ALERT_WORDS) == set(AlertKind.values)
    assert all(words.way_out.replace("'", "&#x27;") in page for words in ALERT_WORDS.values())


def test_ones_own_alerts_and_those_about_everyone_are_shown(client, about):
    make_alert(message="mine", **about)
    make_alert(message="of all", tenant_id=None)
    make_alert(message="of another", tenant_id=own_tenant(make_user("sven")).pk)

    page = client.get("/alerts").text

    assert ("mine" in page, "of all" in page, "of another" in page) == (True, True, False)


def test_what_waits_is_put_away_by_who_has_seen_it(client, about):
    alert = make_alert(**about)
    make_alert("fill", "news", **about)
    everyones = make_alert(message="of all", tenant_id=None)
    assert "I have seen it" in client.get("/alerts").text

    answer = client.post("/alerts/seen", {"alert": [alert.pk, everyones.pk], "back": "alerts"})

    assert answer["Location"] == "/alerts"
    assert Alert.objects.get(pk=alert.pk).seen_by == "olga"
    assert Alert.objects.get(pk=everyones.pk).seen_at is None
    page = client.get("/alerts").text
    assert "seen by olga" in page
    assert "I have seen" not in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [({"kind": "fill"}, "b"), ({"state": "waiting"}, "a"), ({}, "ab"), ({"kind": "pause"}, "")],
)
def test_alerts_are_narrowed(client, about, query, shown):
    make_alert("halt", "message-a", **about)
    make_alert("fill", "message-b", **about)

    page = client.get("/alerts", query).text

    assert "".join(sorted(re.findall("message-([ab])", page))) == shown


def test_the_page_takes_as_many_queries_with_many_alerts_as_with_one(client, about):
    def queries(path):
        client.get(path)
        with CaptureQueriesContext(connection) as found:
            assert client.get(path).status_code == 200
        return len(found)

    def fill_in(number):
        make_alert(**about)
        channel = make_channel(f"{number}@example.com", **about)
        AlertDelivery.objects.create(
            alert=make_alert(**about), via=channel, channel="email", target=channel.target, next_try_at=AT
        )

    fill_in(0)
    few = [queries("/alerts"), queries(CHANNELS)]
    for number in range(1, 8):
        fill_in(number)

    assert [queries("/alerts"), queries(CHANNELS)] == few
    assert max(few) <= 10


def test_without_an_address_the_page_says_what_one_is_for(client):
    assert "Alerts are only shown on these pages" in client.get(CHANNELS).text


def test_an_e_mail_address_is_added_for_some_kinds(client, about):
    answer = send_form(
        client, f"{CHANNELS}/new", channel="email", target="o@example.com", kinds=["halt", "fill"]
    )

    assert (answer.status_code, answer["Location"]) == (303, CHANNELS)
    channel = AlertChannel.objects.get()
    assert (channel.tenant_id, channel.changed_by) == (about["tenant_id"], "olga")
    assert channel.kinds == ["fill", "halt"]
    page = client.get(CHANNELS).text
    assert "Fill, Trading stopped" in page
    assert "whsec_" not in page


def test_a_webhooks_secret_is_shown_once(client):
    send_form(client, f"{CHANNELS}/new", channel="webhook", target="https://example.com/hook", kinds=["halt"])

    first, second = client.get(CHANNELS).text, client.get(CHANNELS).text

    assert re.search(r"whsec_[\w-]{40,}", first)
    assert "whsec_" not in second


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"target": "nobody"}, "This is not an e-mail address."),
        ({"channel": "webhook", "target": "http://example.com/"}, "begins with https"),
        ({"kinds": []}, "This field is required."),
        ({"kinds": ["magic"]}, "not one of the available choices"),
        ({"target": "there@example.com"}, "Alerts are sent there already."),
    ],
)
def test_an_address_that_is_none_is_refused_and_nothing_written(client, about, said, told):
    make_channel("there@example.com", **about)
    form = {"channel": "email", "target": "o@example.com", "kinds": ["halt"], **said}

    answer = send_form(client, f"{CHANNELS}/new", **form)

    assert answer.status_code == 422
    assert told in answer.text
    assert AlertChannel.objects.count() == 1


def test_an_address_is_removed_with_what_waits_for_it(client, about):
    channel = make_channel(**about)
    make_alert(**about)
    route_alerts(timezone.now())
    assert AlertDelivery.objects.count() == 1

    answer = send_form(client, f"{CHANNELS}/{channel.pk}/remove")

    assert answer.status_code == 303
    assert AlertChannel.objects.count() == AlertDelivery.objects.count() == 0


def test_another_tenants_channel_is_not_closed(about):
    foreign = make_channel(tenant_id=own_tenant(make_user("sven")).pk)

    with pytest.raises(NotFound), unit_of_work():
        close_channel(channel_id=foreign.pk, tenant_id=about["tenant_id"])

    assert AlertChannel.objects.count() == 1


def test_a_new_secret_is_shown_once_and_signs_from_then_on(client, about):
    channel = make_channel("https://example.com/hook", **about)

    send_form(client, f"{CHANNELS}/{channel.pk}/secret")

    assert "whsec_" in client.get(CHANNELS).text
    assert AlertChannel.objects.get().secret_number == 2


def test_a_test_goes_to_the_mail_server(client, about, mails):
    channel = make_channel("o@example.com", **about)

    answer = send_form(client, f"{CHANNELS}/{channel.pk}/test")

    assert (answer.status_code, len(mails.arrived)) == (303, 1)
    assert "Test: this channel works" in mails.arrived[0]["Subject"]
    assert "A test was taken by o@example.com." in client.get(CHANNELS).text


def test_a_test_goes_to_the_webhook_signed(client, about, hooks):
    channel = webhook_to(hooks, **about)

    send_form(client, f"{CHANNELS}/{channel.pk}/test")

    (call,) = hooks.arrived
    assert json.loads(call.body)["kind"] == "test"
    time, signed = (part.partition("=")[2] for part in call.headers["volbal-signature"].split(","))
    wanted = hmac.new(webhook_secret(channel).encode(), f"{time}.".encode() + call.body, "sha256")
    assert signed == wanted.hexdigest()


def test_a_test_that_is_not_taken_says_why(client, about, settings):
    settings.ALERT_WEBHOOK_ALLOW_PRIVATE = True
    deaf = make_channel("http://127.0.0.1:9/hook", **about)

    answer = send_form(client, f"{CHANNELS}/{deaf.pk}/test")

    assert answer.status_code == 422
    assert "It was not taken: it can&#x27;t be reached" in answer.text


def test_addresses_are_the_owners_business(olga, about):
    trader = logged_in(make_member(own_tenant(olga), Role.TRADER, "tom"))

    assert trader.get(CHANNELS).status_code == 403
    assert "Where they are sent" not in trader.get("/alerts").text
