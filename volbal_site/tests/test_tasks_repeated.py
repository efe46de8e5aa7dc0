"""Every message delivered five times, in any order, to four workers at once: the same books as each once."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from accounts.tests.threads import at_once
from accounts.transactions import unit_of_work
from dividends.models import Receivable, SplitApplication
from dividends.tests.builders import EX_DATE, make_dividend, make_split
from market.calendar import open_of
from market.providers.registry import provider
from orders.models import Order, Tick, Trade
from orders.tests.builders import all_faults, fresh, run_at, set_market
from orders.tests.scripted_broker import NAME, answer, execution, scripted
from positions.ledger import ledger_digest
from positions.services import change_position
from positions.tests.builders import make_position, make_stamp, make_tenant
from volbal_site.celery import app
from volbal_site.tests.test_disturbed_run import forget_everything
from volbal_site.timetable import TIMETABLE

pytestmark = pytest.mark.django_db(transaction=True)

NOW = open_of(EX_DATE) + timedelta(hours=1)
TASKS = [entry.task for entry in TIMETABLE.values()]


@pytest.fixture
def broker(settings, monkeypatch):
    """A broker that fills what it is sent; the wall clock stands still; messages don't leave the process."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    app.conf.task_always_eager = True
    app.loader.import_default_modules()
    with scripted(settings) as found:
        yield found
    app.conf.task_always_eager = False
    provider("static").clear()


def make_work(broker):
    """Leave something to do for every task: a morning, an evaluation, an order to send, an old proposal."""
    provider("static").move_to(NOW)
    made = NOW - timedelta(days=8)
    for number in range(3):
        make_position(tenant=make_tenant(str(number)), at=made)
    order = make_orders_of_cells_not_evaluated(made)
    set_market(40, "IBM", NOW)
    make_dividend("4")
    make_split()
    broker.says("submit", lambda: answer("filled", execution(fresh(order))))
    for question in ("open_orders", "executions_since"):
        broker.says(question, *[()] * 500)
    broker.says("holdings", *[None] * 500)


def make_orders_of_cells_not_evaluated(made):
    """Make a proposal, and an order to be sent; what the evaluation found would depend on who comes first."""
    proposed = make_position(tenant=make_tenant("by hand"), broker="manual", ticker="KO", at=made)
    run_at(proposed, 104, made)
    with unit_of_work():
        change_position(position_id=proposed.pk, changes={"status": "paused"}, stamp=make_stamp(made))
    provider("replay").move_to(NOW)
    waiting = make_position(
        tenant=make_tenant("sent"), broker=NAME, ticker="MSFT", at=made, market_provider="replay"
    )
    return run_at(waiting, 104, NOW).order


def deliver(names):
    for name in names:
        app.tasks[name]()


def books_after(broker, run):
    make_work(broker)
    run()
    counts = [model.objects.count() for model in (Order, Trade, Receivable, SplitApplication, Tick)]
    sent = len(broker.sent)
    broker.sent.clear()
    broker.queues.clear()
    assert all_faults() == []
    return ledger_digest(), counts, sent


def test_the_books_are_the_same_however_often_and_in_whichever_order_messages_come(broker):
    once = books_after(broker, partial(deliver, TASKS))
    assert once[1:] == ([5, 4, 3, 3, 1], 1)
    for seed in (1, 2):
        forget_everything()
        messages = random.Random(seed).sample(TASKS * 5, k=5 * len(TASKS))

        shuffled = books_after(
            broker, lambda messages=messages: at_once([partial(deliver, messages[n::4]) for n in range(4)])
        )

        assert shuffled == once
