"""Sending what waits: claim, then the network, then the record. See docs/operations.md, "Alerts"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from django.utils import timezone

from accounts.transactions import require_no_transaction
from alerts.claims import (
    Claim,
    claim_next,
    hand_over,
    record_abandoned,
    record_bug,
    record_delivered,
    record_refusal,
    record_unclear,
)
from alerts.errors import DeliveryUnclear, NotDelivered, TakenOver
from alerts.mail import send_mail
from alerts.models import Medium
from alerts.routing import route_alerts
from alerts.webhook import post

log = structlog.stdlib.get_logger(__name__)

Clock = Callable[[], datetime]


def deliver_alerts(*, clock: Clock = timezone.now, limit: int = 100) -> int:
    """Route new alerts and make up to `limit` attempts to send; return how many were made.

    Opens its own units of work. `clock` is the wall clock. May run twice, or on many workers at once.
    Raises InsideTransaction.
    """
    require_no_transaction()
    route_alerts(clock())
    record_abandoned(clock())
    for made in range(limit):
        claim = claim_next(clock())
        if claim is None:
            return made
        _deliver(claim, clock)
    return limit


def _deliver(claim: Claim, clock: Clock) -> None:
    """Send once and record how it went; a bug with one delivery must not stop the others."""
    facts = {"delivery": str(claim.delivery_id), "channel": claim.channel, "attempt": str(claim.attempt)}
    try:
        _send(claim, clock)
    except NotDelivered as error:
        record_refusal(claim, error, clock())
        log.warning("alert_not_delivered", **facts)
    except DeliveryUnclear as error:
        record_unclear(claim, error.detail)
        log.warning("alert_delivery_unclear", **facts)
    except TakenOver:
        log.info("alert_delivery_taken_over", **facts)
    except Exception as error:
        log.exception("alert_delivery_failed", **facts)
        record_bug(claim, f"a bug: {type(error).__name__}", clock())
    else:
        record_delivered(claim, clock())
        log.info("alert_delivered", **facts)


def _send(claim: Claim, clock: Clock) -> None:
    def last_byte_leaves() -> None:
        hand_over(claim, clock())

    if claim.channel == Medium.WEBHOOK:
        post(claim.letter, last_byte_leaves, at=clock())
    else:
        send_mail(claim.letter, last_byte_leaves)
