"""What proves to a receiver that a webhook is ours.

A channel's secret is not stored: it is derived from the installation's key, so that whoever reads the
database can't sign. The receiver has to keep a copy; changing the key changes every secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

from django.conf import settings

from alerts.models import AlertChannel

PREFIX = "whsec_"
HEADER = "Volbal-Signature"


def webhook_secret(channel: AlertChannel) -> str:
    """Return the secret that signs what this channel is sent."""
    name = f"alert-channel/{channel.pk}/{channel.secret_number}"
    digest = hmac.new(settings.ALERT_SIGNING_KEY.encode(), name.encode(), hashlib.sha256).digest()
    return PREFIX + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def signature(secret: str, body: bytes, at: datetime) -> str:
    """Return `t=SECONDS,v1=HEX`: HMAC-SHA256, keyed with the secret's text, over `SECONDS.` and the body."""
    seconds = int(at.timestamp())
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={signed}"
