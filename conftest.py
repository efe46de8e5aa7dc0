"""What every test stands on."""

from __future__ import annotations

import ipaddress
import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.db import connection
from django.test import TransactionTestCase
from whitenoise.middleware import WhiteNoiseMiddleware

from accounts.tests.shared_rows import shared_rows
from accounts.transactions import require_no_transaction
from dividends.tests.scratch import Scratch, scratch_database, the_tests_database
from positions.tests.emptied_tables import empty_tables, rows_at_birth

pytest_plugins = ["accounts.tests.engines", "volbal_site.pages.tests.browser"]

NOT_FOR_TESTS = connection.settings_dict["NAME"]
_flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scratch]:
    """Keep a copy of the database as it was born, and empty it quickly after every test that commits."""
    if connection.settings_dict["NAME"] == NOT_FOR_TESTS:  # no test of this run has asked for the tests' own
        with scratch_database(tmp_path_factory.mktemp("migrated")) as scratch:
            scratch.told("migrate", "--verbosity=0")
            yield scratch
        return
    with django_db_blocker.unblock():
        born = rows_at_birth()
        connection.close()
    TransactionTestCase._fixture_teardown = (  # type: ignore[attr-defined]
        lambda case: empty_tables(born, lambda: _flush(case))
    )
    with scratch_database(tmp_path_factory.mktemp("migrated"), the_tests_database()) as copy:
        yield copy
    TransactionTestCase._fixture_teardown = _flush  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def migrated(django_db_setup: Scratch) -> Scratch:
    """Return a database as migrations leave it, to be the template of others."""
    return django_db_setup


@pytest.fixture(scope="module")
def shared(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Return a function that makes rows for all tests of a module; what a test does to them is undone."""
    with ExitStack() as opened:
        yield lambda make: opened.enter_context(shared_rows(django_db_blocker, make))


# Databases of tests lie in memory where there is enough of it: no test is about a power cut, so none has to
# wait for a disk.
MEMORY = Path("/dev/shm")  # noqa: S108  pytest's own folder in it is the user's alone
ENOUGH = 1 << 30
IN_MEMORY = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH
if IN_MEMORY:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

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
    if IN_MEMORY and django_settings.IS_SQLITE:
        checkout = str(django_settings.BASE_DIR).replace("/", "-")
        django_settings.DATABASES["default"]["TEST"]["NAME"] = MEMORY / f"volbal{checkout}-test.sqlite3"
    django_settings.CREDENTIALS_KEYS = [CREDENTIALS_KEY]
    django_settings.PASSWORD_HASHERS = [QUICK_HASHER, *django_settings.PASSWORD_HASHERS]
    _look_for_static_files_once()


def _look_for_static_files_once() -> None:
    """Each test's client is a server of its own, which would look through all packages for its files."""
    look = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def take_or_look(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = take_or_look


@pytest.fixture
def real_hashers(settings: Any) -> None:
    """Hash passwords as in production."""
    settings.PASSWORD_HASHERS = [path for path in settings.PASSWORD_HASHERS if path != QUICK_HASHER]


@pytest.fixture(autouse=True)
def _fresh_providers() -> None:
    """Let no test see prices that another one set."""
    from market.providers import registry

    registry._instances.clear()
    for name in ("default", "lists"):
        caches[name].clear()


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
