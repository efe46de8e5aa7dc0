"""What people should hear of reaches them once, by mail and by webhook, though its senders are killed."""

from __future__ import annotations

import hashlib
import hmac
import json
import signal
from collections import Counter
from decimal import Decimal
from random import Random

import pytest
from django.utils import timezone

from accounts.transactions import unit_of_work
from alerts.models import Alert, AlertDelivery
from alerts.signing import webhook_secret
from alerts.tests.builders import deliver, make_channel, states, webhook_to
from alerts.tests.receivers import more_than_fits_between_sockets
from alerts.tests.test_worker_killed import kill_at
from market.breaker import Admission, record_failure
from orders.hand_orders import submit_order
from orders.models import TradingState
from orders.switches import turn
from orders.tests.builders import run_at
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal.values import MarketQuote, Side
from volbal_site.books import check_books

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

KINDS = {"fill", "proposal", "stale_feed", "halt"}
# Where a sender is killed, and from where on the database keeps it from committing: `alerts` says why.
MAIL_STEPS = [("rcpt", None), ("data", None), ("body", "data"), ("dot", None), ("taken", "dot")]
CALL_STEPS = [("connect", None), ("body", "headers"), ("whole", None), ("answered", "whole")]


def let_everything_happen():
    """A fill, a proposal that waits, a feed that stays away, and a stop of everyone."""
    run_at(make_position(), 97)
    propose(make_position(broker="manual"))
    for failures in range(3):
        with unit_of_work():
            record_failure(Admission(host="feed", failures=failures), at=timezone.now(), jitter=0)
    with unit_of_work():
        turn(TradingState.HALTED, reason="a fire", stamp=make_stamp())
    # So long that a call can't be handed over before the receiver reads.
    Alert.objects.update(message="x" * more_than_fits_between_sockets())


def propose(position):
    with unit_of_work():
        submit_order(
            position_id=position.pk,
            side=Side.BUY,
            qty=Decimal(5),
            quote=MarketQuote(price=Decimal(100), as_of=OPENED_AT, source="manual"),
            stamp=make_stamp(),
        )


def is_ours(secret, header, body):
    """Check a signature as docs/operations.md tells receivers to, but for its age."""
    t, v1 = (part.split("=", 1)[1] for part in header.split(","))
    signed = hmac.new(secret.encode(), f"{t}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(v1, signed)


def still_to_be_sent():
    rows = AlertDelivery.objects.filter(state__in=["waiting", "sending"])
    return sorted(set(rows.values_list("channel", flat=True)))


@pytest.mark.parametrize("seed", [pytest.param(1, marks=pytest.mark.quick), *range(2, 7)])
def test_each_alert_arrives_once_at_each_address(mails, hooks, workers, seed):
    make_channel()
    channel = webhook_to(hooks)
    let_everything_happen()
    deliver(limit=0)  # routed
    choose, kills = Random(seed), 0
    steps = {"email": (mails, MAIL_STEPS), "webhook": (hooks, CALL_STEPS)}

    while waiting := still_to_be_sent():
        server, its_steps = steps[choose.choice(waiting)]
        kill_at(server, workers, *choose.choice(its_steps))
        workers.start(mails.port, ahead=kills * 120)
        assert workers.ended() == -signal.SIGKILL
        kills += 1

    assert kills >= len(KINDS)
    assert set(states()) <= {"delivered", "unclear", "handed_over"}
    assert kinds_of(mails, hooks) == (dict.fromkeys(KINDS, 1), dict.fromkeys(KINDS, 1))
    assert all(is_ours(webhook_secret(channel), c.headers["volbal-signature"], c.body) for c in hooks.arrived)
    assert check_books(stamp=make_stamp()) == []


def kinds_of(mails, hooks):
    """Return how often each kind of alert arrived, by mail and by webhook."""
    titles = {alert.title: alert.kind for alert in Alert.objects.all()}
    kinds = {str(alert.pk): alert.kind for alert in Alert.objects.all()}
    by_mail = Counter(
        next(kind for title, kind in titles.items() if title in mail["Subject"]) for mail in mails.arrived
    )
    by_call = Counter(kinds[json.loads(call.body)["alert_id"]] for call in hooks.arrived)
    return dict(by_mail), dict(by_call)
