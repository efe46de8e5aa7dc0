"""Channels are edited, and deliveries sent again, by staff."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from accounts.tests.people import log_in_staff, with_second_factor
from alerts.models import AlertChannel, AlertDelivery
from alerts.signing import webhook_secret
from alerts.tests.builders import deliver, make_alert, make_channel, make_tenant, only_delivery, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    log_in_staff(client, "boss")
    return client


def saved(staff, page="add", **fields):
    form = {
        "tenant": str(make_tenant().pk),
        "channel": "webhook",
        "target": "https://example.com/hook",
        "kinds": ["halt", "fill"],
        "is_active": "on",
        **fields,
    }
    answer = staff.post(f"/admin/alerts/alertchannel/{page}/", form, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_webhooks_secret_is_shown_once_when_it_is_made(staff):
    page = saved(staff)

    channel = AlertChannel.objects.get()
    assert (channel.kinds, channel.changed_by) == (["halt", "fill"], "boss")
    assert webhook_secret(channel) in page
    for name in ("", f"{channel.pk}/change/"):
        assert webhook_secret(channel) not in staff.get(f"/admin/alerts/alertchannel/{name}").content.decode()


def test_a_new_secret_is_made_when_asked_for(staff):
    saved(staff)
    channel = AlertChannel.objects.get()

    page = saved(staff, f"{channel.pk}/change")
    assert webhook_secret(channel) not in page
    page = saved(staff, f"{channel.pk}/change", new_secret="on")
    renewed = AlertChannel.objects.get()
    assert renewed.secret_number == 2
    assert webhook_secret(renewed) in page


@pytest.mark.parametrize(
    "fields",
    [
        {"target": "http://example.com/hook"},
        {"channel": "email"},
        {"channel": "pigeon"},
        {"kinds": ["gossip"]},
        {"kinds": []},
    ],
)
def test_what_can_not_be_sent_is_not_saved(staff, fields):
    saved(staff, **fields)
    assert not AlertChannel.objects.exists()


def test_the_same_channel_twice_is_refused(staff):
    saved(staff)
    saved(staff)
    assert AlertChannel.objects.count() == 1


def test_a_channel_can_be_deleted_with_what_it_sent(staff):
    channel = make_channel()
    make_alert()
    deliver()

    answer = staff.post(f"/admin/alerts/alertchannel/{channel.pk}/delete/", {"post": "yes"}, follow=True)
    assert answer.status_code == 200
    assert not AlertChannel.objects.exists()
    assert only_delivery().via is None


def test_what_is_unclear_is_sent_again_because_a_person_says_so(staff, settings):
    settings.EMAIL_CONFIGURED = True
    make_channel()
    make_alert()
    deliver(limit=0)
    AlertDelivery.objects.update(state="unclear", token=3)
    action = {"action": "try_again", "_selected_action": [str(only_delivery().pk)]}

    answer = staff.post("/admin/alerts/alertdelivery/", action, follow=True)
    assert "1 to be sent again." in answer.content.decode()
    assert (states(), only_delivery().token) == (["waiting"], 4)
    deliver(timedelta(seconds=1))
    assert states() == ["delivered"]


def test_what_was_delivered_is_never_sent_again(staff, settings):
    settings.EMAIL_CONFIGURED = True
    make_channel()
    make_alert()
    deliver()
    action = {"action": "try_again", "_selected_action": [str(only_delivery().pk)]}

    staff.post("/admin/alerts/alertdelivery/", action, follow=True)
    assert states() == ["delivered"]


def test_who_may_only_look_sends_nothing(client):
    looker = User.objects.create_user("looker", password="x")
    looker.is_staff = True
    looker.save()
    client.force_login(with_second_factor(looker))

    assert client.get("/admin/alerts/alertdelivery/").status_code == 403
    for page in ("alert", "alertdelivery", "alertchannel"):
        assert client.get(f"/admin/alerts/{page}/add/").status_code == 403


def test_alerts_and_deliveries_are_shown(staff, settings):
    settings.EMAIL_CONFIGURED = True
    make_channel()
    make_alert()
    deliver()

    assert "IBM #1" in staff.get("/admin/alerts/alert/").content.decode()
    assert "a@example.com" in staff.get("/admin/alerts/alertdelivery/").content.decode()
