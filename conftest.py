"""What every test stands on."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import TransactionTestCase

from accounts.transactions import require_no_transaction
from positions.guards import install_guards, remove_guards

pytest_plugins = ["volbal_site.pages.tests.browser"]

_flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def _flush_past_the_guards(test_case: TransactionTestCase) -> None:
    """Empty the tables after a test that commits: history refuses that, so its guards step aside."""
    remove_guards()
    try:
        _flush(test_case)
    finally:
        install_guards()


TransactionTestCase._fixture_teardown = _flush_past_the_guards  # type: ignore[attr-defined]


# Argon2 is slow on purpose, and nearly every test of a page makes somebody with a password.
QUICK_HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"


# What logins at brokers are encrypted with in tests, also in the processes that they start.
CREDENTIALS_KEY = "dGhlIGtleSBvZiB0ZXN0cywgMzIgYnl0ZXMgbG9uZyE="
os.environ.setdefault("CREDENTIALS_KEYS", CREDENTIALS_KEY)


def pytest_configure() -> None:
    """Let tests hash passwords quickly; `real_hashers` gives back what the settings say.

    A shell that starts the tests in the background has them ignore Ctrl-C, and what they start inherits that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    django_settings.CREDENTIALS_KEYS = [CREDENTIALS_KEY]
    django_settings.PASSWORD_HASHERS = [QUICK_HASHER, *django_settings.PASSWORD_HASHERS]


@pytest.fixture
def real_hashers(settings: Any) -> None:
    """Hash passwords as in production."""
    settings.PASSWORD_HASHERS = [path for path in settings.PASSWORD_HASHERS if path != QUICK_HASHER]


@pytest.fixture(autouse=True)
def _fresh_providers() -> None:
    """Let no test see prices that another one set."""
    from market.providers import registry

    registry._instances.clear()
    cache.clear()


LIVE_MARKET = os.environ.get("LIVE_MARKET") == "1"
# libcurl and the processes that tests start open sockets of their own: a proxy that isn't there stops them.
NOWHERE = "http://127.0.0.1:9"
PROXIES = {"http_proxy": NOWHERE, "https_proxy": NOWHERE, "no_proxy": "127.0.0.1,localhost"}
if not LIVE_MARKET:
    os.environ.update({**PROXIES, **{name.upper(): value for name, value in PROXIES.items()}})

_connect = socket.socket.connect


def _connect_to_this_machine(plug: socket.socket, address: Any) -> None:
    """Connect to loopback or a socket file, and only with no transaction open."""
    if plug.family in (socket.AF_INET, socket.AF_INET6):
        if not _is_this_machine(str(address[0])):
            raise AssertionError(f"a test wanted to connect to {address[0]}")
        require_no_transaction()
    _connect(plug, address)


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=not LIVE_MARKET, scope="session")
def _no_network() -> Iterator[None]:
    """Let no test reach another machine."""
    socket.socket.connect = _connect_to_this_machine  # type: ignore[assignment,method-assign]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]
