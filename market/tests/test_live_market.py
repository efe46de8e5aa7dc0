"""Yahoo itself, when asked for: LIVE_MARKET=1 pytest market/tests/test_live_market.py."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from market.providers.yfinance import YfinanceProvider

LIVE = os.environ.get("LIVE_MARKET") == "1"


@pytest.mark.skipif(not LIVE, reason="set LIVE_MARKET=1 to ask Yahoo itself")
@pytest.mark.django_db
def test_yahoo_still_answers_as_we_read_it(settings, tmp_path):
    settings.YAHOO_CACHE_DIR = tmp_path
    provider, today = YfinanceProvider(), timezone.now().date()

    quotes = provider.latest_quotes(["IBM", "MSFT"])
    bars = provider.history("IBM", today - timedelta(days=30), today)

    assert set(quotes) == {"IBM", "MSFT"}
    assert all(quote.is_real and 1 < quote.price < 10_000 for quote in quotes.values())
    assert 10 < len(bars) < 25
    assert abs(bars[-1].close / quotes["IBM"].price - 1) < 1
    assert len(provider.dividends("IBM")) > 10
    assert provider.splits("MSFT") == ()
