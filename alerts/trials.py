"""Trying a channel out: one message that is no alert, sent at once."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from alerts.errors import DeliveryUnclear, NotDelivered
from alerts.letters import Letter
from alerts.mail import send_mail
from alerts.models import AlertChannel, Medium
from alerts.signing import webhook_secret
from alerts.webhook import post

KIND = "test"


def send_trial(channel: AlertChannel, *, at: datetime) -> None:
    """Send a test message; outside any transaction. Raises NotDelivered, also if no answer came."""
    letter = Letter(
        delivery_id=uuid4(),
        alert_id=uuid4(),
        target=channel.target,
        secret=webhook_secret(channel) if channel.channel == Medium.WEBHOOK else "",
        kind=KIND,
        title="Test: this channel works",
        message="This is a test that somebody asked for. Nothing happened; real alerts look like this.",
        at=at,
        tenant_id=channel.tenant_id,
        position_id=None,
        event_id=None,
    )
    try:
        if channel.channel == Medium.WEBHOOK:
            post(letter, _nothing, at=at)
        else:
            send_mail(letter, _nothing)
    except NotDelivered as error:
        raise NotDelivered(f"It was not taken: {error.detail}.") from None
    except DeliveryUnclear as error:
        raise NotDelivered(f"It was sent and may have arrived: {error.detail}.") from None


def _nothing() -> None:
    """A test is handed over without a record: it may well be sent twice."""
