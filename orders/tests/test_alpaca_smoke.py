"""Against Alpaca itself, if asked: reads a paper account and sends nothing. See docs/brokers.md."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from orders.brokers.alpaca import AlpacaBroker
from orders.brokers.base import Environment, Login

KEY_ID, SECRET_KEY = os.environ.get("ALPACA_SMOKE_KEY_ID"), os.environ.get("ALPACA_SMOKE_SECRET_KEY")

pytestmark = pytest.mark.skipif(
    not (KEY_ID and SECRET_KEY),
    reason="set ALPACA_SMOKE_KEY_ID and ALPACA_SMOKE_SECRET_KEY to ask Alpaca itself",
)


def test_a_paper_account_answers_every_question():
    secrets = {"key_id": KEY_ID, "secret_key": SECRET_KEY}
    broker = AlpacaBroker(Login(environment=Environment.PAPER, secrets=secrets))

    facts, held = broker.account(), broker.holdings()

    assert facts.number
    assert abs(facts.clock - timezone.now()) < timedelta(seconds=30)
    assert held is not None
    assert held.cash is not None
    assert broker.get("vb-no-order-of-anybody") is None
    broker.open_orders()
    broker.executions_since(timezone.now() - timedelta(days=3))
    broker.quote("IBM")
