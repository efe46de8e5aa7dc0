"""Whoever stores a split or dividend tells the market, which checks its quotes by it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps

from dividends.tests.builders import announced, announced_split, make_dividend, make_split
from market.models import KnownStep
from market.providers.registry import provider
from market.quotes import checked_quotes, gate_for
from market.tests.builders import new_york
from positions.tests.builders import make_tenant
from volbal.quotes import QuoteGate

pytestmark = pytest.mark.django_db

FRIDAY, NOON = new_york("2024-01-12 15:00"), new_york("2024-01-16 12:00")


def check(price, at):
    provider("static").set_price("IBM", Decimal(price), at, is_real=True)
    return checked_quotes(provider_name="static", tickers=["IBM"], at=at)["IBM"]


def test_an_announced_split_opens_the_gate_for_who_announced_it(settings):
    settings.QUOTE_TTL_S = 0
    ann, bob = make_tenant("ann"), make_tenant("bob")
    check("100", FRIDAY)

    announced_split(ann)

    suspected = check("51", NOON)
    assert suspected.gate is QuoteGate.SPLIT
    assert gate_for(suspected, ticker="IBM", tenant_id=ann.pk) is None
    assert gate_for(suspected, ticker="IBM", tenant_id=bob.pk) is QuoteGate.SPLIT


def test_announcements_are_told_once_with_their_owner():
    ann = make_tenant("ann")
    for _ in range(2):
        announced_split(ann)
        announced(ann)

    assert {(step.owner, step.new_shares, step.dps) for step in KnownStep.objects.all()} == {
        (ann, 2, Decimal(0)),
        (ann, 1, Decimal("0.82")),
    }
    assert KnownStep.objects.count() == 2


def test_what_was_stored_before_the_market_knew_of_steps_is_told_by_the_migration():
    ann = make_tenant("ann")
    make_split(3, 2)
    make_dividend("0.5", owner=ann)
    migration = import_module("dividends.migrations.0002_tell_the_market_what_is_known")

    migration.tell(apps, None)

    assert {
        (step.owner, step.date, step.new_shares, step.old_shares, step.dps)
        for step in KnownStep.objects.all()
    } == {
        (None, date(2024, 1, 16), 3, 2, Decimal(0)),
        (ann, date(2024, 1, 16), 1, 1, Decimal("0.5")),
    }
    migration.forget(apps, None)
    assert not KnownStep.objects.exists()
