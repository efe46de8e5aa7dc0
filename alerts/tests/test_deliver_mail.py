"""Alerts by e-mail: each once, again only when it certainly didn't arrive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from accounts.errors import InsideTransaction
from accounts.transactions import unit_of_work
from alerts.delivery import deliver_alerts
from alerts.models import AlertDelivery
from alerts.tests.builders import deliver, make_alert, make_channel, only_delivery, states
from alerts.tests.receivers import text_of

pytestmark = pytest.mark.django_db

SOON = timedelta(minutes=1)


def test_an_alert_is_mailed_once_however_often_the_worker_comes(mails):
    make_channel("a@example.com")
    alert = make_alert()

    assert [deliver(), deliver(), deliver(timedelta(days=2))] == [1, 0, 0]

    (mail_,) = mails.arrived
    assert mail_["Subject"] == "[Volatility Balancing] Trading stopped: IBM #1"
    assert (mail_["To"], mail_["From"]) == ("a@example.com", "Volbal <alerts@volbal.test>")
    assert mail_["Message-ID"] == f"<alert-{only_delivery().pk}@volbal.test>"
    assert "Trading is halted: test" in text_of(mail_)
    assert f"Alert {alert.pk}" in text_of(mail_)
    assert "2024-01-08 16:00:00 UTC" in text_of(mail_)
    assert states() == ["delivered"]


def test_a_line_of_one_dot_and_letters_beyond_ascii_arrive_as_they_are(mails):
    make_channel()
    make_alert(message="first\n.\n..\n.second – ü")

    deliver()

    assert text_of(mails.arrived[0]).startswith("first\n.\n..\n.second – ü\n")


def test_a_server_that_is_away_is_tried_again_later(mails, settings):
    settings.EMAIL_PORT = 1
    make_channel()
    make_alert()

    assert [deliver(), deliver()] == [1, 0]
    assert (only_delivery().state, only_delivery().attempts) == ("waiting", 1)
    assert "ConnectionRefusedError" in only_delivery().last_error

    settings.EMAIL_PORT = mails.port
    assert deliver(SOON) == 1
    assert (states(), len(mails.arrived)) == (["delivered"], 1)


@pytest.mark.parametrize("step", ["connect", "mail", "rcpt", "data", "dot"])
def test_a_refusal_at_any_step_is_tried_again(mails, step):
    make_channel()
    make_alert()
    mails.answers[step] = b"451 not now"

    deliver()
    assert (states(), len(mails.arrived)) == (["waiting"], 0)
    assert "451" in only_delivery().last_error

    mails.answers.clear()
    deliver(SOON)
    assert (states(), len(mails.arrived)) == (["delivered"], 1)


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_connection_that_breaks_before_the_end_is_tried_again(mails, step):
    make_channel()
    make_alert()
    mails.answers[step] = b""

    deliver()
    assert states() == ["waiting"]


def test_without_an_answer_to_the_whole_mail_it_is_unclear_and_not_sent_twice(mails):
    make_channel()
    make_alert()
    mails.answers["dot"] = b""
    mails.hooks["dot"] = lambda: mails.arrived.append("taken, and silent")

    deliver()
    mails.answers.clear()
    assert [deliver(timedelta(hours=n)) for n in (1, 2, 48)] == [0, 0, 0]
    assert (states(), mails.arrived) == (["unclear"], ["taken, and silent"])


def test_a_server_that_is_away_is_not_tried_with_every_mail(mails, settings):
    settings.EMAIL_PORT = 1
    make_channel("a@example.com")
    make_channel("b@example.com")
    make_alert()
    make_alert()

    assert deliver() == 1
    assert AlertDelivery.objects.filter(attempts=0).count() == 3


def test_one_address_that_is_refused_holds_up_no_other(mails):
    make_channel("a@example.com")
    make_channel("b@example.com")
    make_alert()
    mails.hooks["mail"] = lambda: mails.answers.update(
        {"rcpt": b"550 unknown" if mails.connections == 1 else b"250 fine"}
    )

    assert deliver() == 2
    assert sorted(states()) == ["delivered", "waiting"]


def test_after_a_day_it_is_given_up(mails, settings):
    settings.EMAIL_PORT = 1
    make_channel()
    make_alert()

    deliver()
    deliver(timedelta(hours=23))
    assert states() == ["waiting"]
    deliver(timedelta(hours=24))
    assert states() == ["given_up"]
    settings.EMAIL_PORT = mails.port
    assert deliver(timedelta(hours=25)) == 0


def test_without_a_mail_server_in_the_settings_it_waits(settings):
    settings.EMAIL_CONFIGURED = False
    make_channel()
    make_alert()

    deliver()
    assert (states(), only_delivery().last_error) == (["waiting"], "EMAIL_URL is not set")
    assert mail.outbox == []


def test_any_backend_of_django_will_do(settings):
    settings.EMAIL_CONFIGURED = True
    make_channel("a@example.com")
    make_alert()

    deliver()
    assert (states(), [sent.to for sent in mail.outbox]) == (["delivered"], [["a@example.com"]])


def test_a_backend_that_fails_had_the_mail_so_it_is_unclear(settings):
    settings.EMAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "alerts.tests.receivers.FailingBackend"
    make_channel()
    make_alert()

    deliver()
    assert (states(), only_delivery().last_error) == (["unclear"], "its mail backend failed: RuntimeError")


def test_a_backend_that_can_not_even_be_made_has_sent_nothing(settings):
    settings.EMAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "nowhere.EmailBackend"
    make_channel()
    make_alert()

    deliver()
    assert (states(), only_delivery().last_error) == (["waiting"], "a bug: ModuleNotFoundError")


def test_nothing_is_sent_inside_a_transaction():
    with unit_of_work(), pytest.raises(InsideTransaction):
        deliver_alerts()
