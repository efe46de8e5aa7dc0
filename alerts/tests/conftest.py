"""Receivers on this machine."""

from __future__ import annotations

import pytest

from alerts.tests.builders import use_mail_server
from alerts.tests.receivers import mail_server, webhook_receiver


@pytest.fixture
def mails(settings):
    """A mail server that e-mail goes to."""
    with mail_server() as server:
        use_mail_server(settings, server)
        yield server


@pytest.fixture
def hooks(settings):
    """A receiver of webhooks, which may be on this machine."""
    settings.ALERT_WEBHOOK_ALLOW_PRIVATE = True
    with webhook_receiver() as server:
        yield server
