"""`manage.py deliver_alerts`: once, or until it is told to stop."""

from __future__ import annotations

import signal
import threading

import pytest
from django.core.management import call_command

from accounts.transactions import unit_of_work
from alerts.channels import open_channel
from alerts.tests.builders import STAMP, make_alert, make_channel, make_tenant, states
from volbal.errors import OutOfRange

pytestmark = pytest.mark.django_db


def test_once_makes_one_round_and_says_so(settings, capsys):
    settings.EMAIL_CONFIGURED = True
    make_channel()
    make_alert()

    call_command("deliver_alerts", "--once")
    assert capsys.readouterr().out == "1 attempts to send.\n"
    assert states() == ["delivered"]


def test_it_goes_on_until_it_is_told_to_stop(settings):
    settings.EMAIL_CONFIGURED = True
    make_channel()
    make_alert()
    handlers = [signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)]
    main = threading.main_thread().ident
    stop = threading.Timer(0.2, lambda: signal.pthread_kill(main, signal.SIGTERM))
    stop.start()
    try:
        call_command("deliver_alerts")
    finally:
        for name, handler in zip((signal.SIGTERM, signal.SIGINT), handlers, strict=True):
            signal.signal(name, handler)
    assert states() == ["delivered"]


def test_the_same_channel_twice_or_an_unknown_kind_is_refused():
    make_channel()
    for options in ({"target": "a@example.com"}, {"target": "b@example.com", "kinds": ["gossip"]}):
        with pytest.raises(OutOfRange), unit_of_work():
            open_channel(channel="email", tenant_id=make_tenant().pk, stamp=STAMP, **options)
