"""The real yfinance, talking to a server of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from market.tests.yahoo_stub import YahooStub


@pytest.fixture(scope="session")
def _yahoo_server() -> Iterator[YahooStub]:
    server = YahooStub()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def yahoo(_yahoo_server: YahooStub, settings, tmp_path_factory, db) -> Iterator[YahooStub]:
    """Send every request of the provider yfinance to a stub that knows nothing yet."""
    from yfinance.data import SingletonMeta, YfData

    SingletonMeta._instances.pop(YfData, None)
    settings.YAHOO_BASE_URL = _yahoo_server.address
    settings.YAHOO_CACHE_DIR = tmp_path_factory.getbasetemp() / "yfinance"
    settings.FEED_CONNECT_TIMEOUT_S, settings.FEED_TIMEOUT_S = 5, 20
    _yahoo_server.reset()
    yield _yahoo_server
    _yahoo_server.go_on.set()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()
