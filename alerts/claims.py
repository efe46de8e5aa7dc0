"""Taking on a delivery, handing it over, and saying what came of it: each a short transaction.

What keeps an alert from being sent twice is not the lease but the step `handed_over`: it is committed, under
the claim's token, before the last byte leaves the house, and from then on only a clear refusal leads back. A
worker that dies before leaves nothing behind; one that dies after has sent it, but for the moment in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F

from accounts.transactions import require_unit_of_work, unit_of_work
from alerts.errors import NotDelivered, TakenOver
from alerts.letters import Letter, letter_of
from alerts.models import AlertDelivery, DeliveryQuerySet, DeliveryState, Medium
from alerts.routing import WORTH_SENDING

# Longer than any sending takes; all it decides is when somebody else looks.
LEASE = timedelta(seconds=60)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One delivery taken on: whoever holds a higher token has taken it over."""

    delivery_id: UUID
    token: int
    channel: str
    attempt: int
    gives_up_at: datetime
    letter: Letter


def claim_next(at: datetime) -> Claim | None:
    """Take on the delivery that has been due longest, in a unit of work of its own; None if none is due."""
    if not AlertDelivery.objects.due(at).exists():
        return None
    with unit_of_work():
        due = AlertDelivery.objects.due(at).select_related("alert", "via").order_by("next_try_at", "pk")
        # Another worker sends those that it has locked.
        delivery = due.select_for_update(of=("self",), skip_locked=True).first()
        if delivery is None:
            return None
        delivery.state, delivery.token = DeliveryState.SENDING, delivery.token + 1
        delivery.attempts, delivery.leased_until = delivery.attempts + 1, at + LEASE
        delivery.save(update_fields=["state", "token", "attempts", "leased_until"])
        return Claim(
            delivery_id=delivery.pk,
            token=delivery.token,
            channel=delivery.channel,
            attempt=delivery.attempts,
            gives_up_at=delivery.alert.created_at + WORTH_SENDING,
            letter=letter_of(delivery),
        )


def hand_over(claim: Claim, at: datetime) -> None:
    """Commit that the last byte is about to leave. Raises TakenOver if somebody else has the delivery now."""
    with unit_of_work():
        changed = _ours(claim, DeliveryState.SENDING).update(
            state=DeliveryState.HANDED_OVER, leased_until=at + LEASE
        )
    if not changed:
        raise TakenOver("Another worker has taken this delivery over.")


def record_delivered(claim: Claim, at: datetime) -> None:
    """Say that it was taken."""
    with unit_of_work():
        _ours(claim, DeliveryState.HANDED_OVER, DeliveryState.UNCLEAR).update(
            state=DeliveryState.DELIVERED, delivered_at=at, leased_until=None, last_error=""
        )


def record_refusal(claim: Claim, error: NotDelivered, at: datetime) -> None:
    """Try again later, or give up a day after the alert was raised.

    What else waits for the same target waits as long.
    """
    undone = _ours(claim, DeliveryState.SENDING, DeliveryState.HANDED_OVER, DeliveryState.UNCLEAR)
    wait_until = at + waiting_time(claim.attempt)
    with unit_of_work():
        if undone.update(**_refused(claim, error.detail, wait_until)):
            _postpone_others(claim, error, wait_until)


def record_bug(claim: Claim, detail: str, at: datetime) -> None:
    """Say that sending failed in a way nobody foresaw: refused if nothing was handed over, else unclear."""
    wait_until = at + waiting_time(claim.attempt)
    with unit_of_work():
        _ours(claim, DeliveryState.SENDING).update(**_refused(claim, detail, wait_until))
    record_unclear(claim, detail)


def record_unclear(claim: Claim, detail: str) -> None:
    """Say that it may have arrived: it is shown, and not sent again by itself."""
    with unit_of_work():
        _ours(claim, DeliveryState.HANDED_OVER).update(
            state=DeliveryState.UNCLEAR, leased_until=None, last_error=detail[:LONGEST_ERROR]
        )


def record_abandoned(at: datetime) -> int:
    """Call unclear what a worker handed over before it died; return how many."""
    if not AlertDelivery.objects.abandoned(at).exists():
        return 0
    with unit_of_work():
        return AlertDelivery.objects.abandoned(at).update(
            state=DeliveryState.UNCLEAR,
            leased_until=None,
            last_error="the worker died when it had handed it over",
        )


def send_again(delivery_ids: list[UUID], at: datetime) -> int:
    """Try again what was unclear or given up, because a person says so, inside the caller's unit of work."""
    ended = AlertDelivery.objects.filter(
        pk__in=delivery_ids, state__in=(DeliveryState.UNCLEAR, DeliveryState.GIVEN_UP)
    )
    require_unit_of_work()
    # A new token: news of the old attempt doesn't count any more.
    return ended.update(state=DeliveryState.WAITING, next_try_at=at, token=F("token") + 1, attempts=0)


def waiting_time(attempt: int) -> timedelta:
    """Return how long to wait after this many attempts: 30 s, doubled each time, 15 minutes at most."""
    return min(FIRST_WAIT * (1 << min(attempt - 1, 10)), LONGEST_WAIT)


def _ours(claim: Claim, *states: DeliveryState) -> DeliveryQuerySet:
    return AlertDelivery.objects.filter(pk=claim.delivery_id, token=claim.token, state__in=states)


def _refused(claim: Claim, detail: str, wait_until: datetime) -> dict[str, Any]:
    gives_up = wait_until >= claim.gives_up_at
    return {
        "state": DeliveryState.GIVEN_UP if gives_up else DeliveryState.WAITING,
        "next_try_at": wait_until,
        "leased_until": None,
        "last_error": detail[:LONGEST_ERROR],
    }


def _postpone_others(claim: Claim, error: NotDelivered, until: datetime) -> None:
    """A mail server or a receiver that is down is tried with one alert, not with every one that waits."""
    others = AlertDelivery.objects.filter(
        channel=claim.channel, state=DeliveryState.WAITING, next_try_at__lt=until
    )
    if not error.everywhere:
        if claim.channel == Medium.EMAIL:
            return
        others = others.filter(target=claim.letter.target)
    others.update(next_try_at=until)
