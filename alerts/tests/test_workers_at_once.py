"""Several workers at once send each alert once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.threads import at_once
from alerts.claims import claim_next, hand_over, record_delivered, record_refusal, record_unclear
from alerts.errors import NotDelivered, TakenOver
from alerts.tests.builders import deliver, make_alert, make_channel, only_delivery, states, webhook_to

pytestmark = pytest.mark.django_db(transaction=True)


def claimed(later=timedelta(0)):
    return claim_next(timezone.now() + later)


def test_four_workers_send_ten_alerts_once_each(hooks):
    webhook_to(hooks)
    for _ in range(10):
        make_alert()

    at_once([deliver] * 4)
    deliver()
    assert states() == ["delivered"] * 10
    assert len({call.headers["volbal-delivery"] for call in hooks.arrived}) == len(hooks.arrived) == 10


def test_a_worker_that_was_overtaken_hands_nothing_over():
    make_channel()
    make_alert()
    deliver(limit=0)
    slow = claimed()
    fast = claimed(timedelta(minutes=2))

    with pytest.raises(TakenOver):
        hand_over(slow, timezone.now())
    record_refusal(slow, NotDelivered("late news"), timezone.now())
    assert (states(), only_delivery().last_error) == (["sending"], "")
    hand_over(fast, timezone.now())
    assert states() == ["handed_over"]


def test_what_was_handed_over_is_nobody_elses_however_long_it_takes():
    make_channel()
    make_alert()
    deliver(limit=0)
    claim = claimed()
    hand_over(claim, timezone.now())

    assert claimed(timedelta(hours=1)) is None
    deliver(timedelta(hours=1))
    assert states() == ["unclear"]
    record_delivered(claim, timezone.now())
    assert states() == ["delivered"], "late, but it knows"


def test_a_delivery_that_is_over_stays_over():
    make_channel()
    make_alert()
    deliver(limit=0)
    claim = claimed()
    hand_over(claim, timezone.now())
    record_delivered(claim, timezone.now())

    record_unclear(claim, "x")
    record_refusal(claim, NotDelivered("x"), timezone.now())
    with pytest.raises(TakenOver):
        hand_over(claim, timezone.now())
    assert states() == ["delivered"]
