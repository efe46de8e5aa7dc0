"""The tests themselves: none reaches another machine, by whichever way."""

from __future__ import annotations

import os
import socket

import pytest
from django.db import transaction

from accounts.errors import InsideTransaction
from market.errors import Unavailable
from market.providers.yfinance import YfinanceProvider

LIVE = os.environ.get("LIVE_MARKET") == "1"
pytestmark = pytest.mark.skipif(LIVE, reason="LIVE_MARKET=1 lets the tests use the network")


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("8.8.8.8", 53)])
def test_a_socket_to_another_machine_is_refused(address):
    with socket.socket() as plug, pytest.raises(AssertionError, match="wanted to connect"):
        plug.connect(address)


@pytest.mark.django_db
def test_a_socket_is_refused_while_a_transaction_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as plug:
        with transaction.atomic(), pytest.raises(InsideTransaction):
            plug.connect(server.getsockname())
        plug.connect(server.getsockname())


def test_libcurl_reaches_nobody_either(yahoo, settings):
    settings.YAHOO_BASE_URL = ""

    with pytest.raises(Unavailable):
        YfinanceProvider().latest_quotes(["IBM"])
    assert yahoo.asked == []
