"""What is encrypted: under which key, for which row, and not without one."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from orders.broker_accounts import login_of
from orders.brokers.base import NoAnswer
from orders.sealing import NoSealingKey, Unreadable, is_under_first_key, seal, unseal
from orders.tests.alpaca_process import LOGIN
from orders.tests.builders import fresh
from orders.tests.connection_builders import make_connection
from positions.tests.builders import make_tenant

ROW, OTHER = UUID(int=1), UUID(int=2)
OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
SAID = {"key_id": "K", "secret_key": "S"}


def test_what_was_sealed_is_opened_and_never_looks_the_same():
    first, second = seal(SAID, row=ROW), seal(SAID, row=ROW)

    assert unseal(first, row=ROW) == unseal(second, row=ROW) == SAID
    assert first != second


def test_it_opens_for_no_other_row_and_not_when_changed():
    sealed = seal(SAID, row=ROW)

    for text, row in ((sealed, OTHER), (sealed[:-8] + "AAAAAAA=", ROW), (sealed[:20], ROW), ("", ROW)):
        with pytest.raises(Unreadable):
            unseal(text, row=row)


def test_a_new_key_comes_first_and_the_old_one_is_still_read(settings):
    settings.CREDENTIALS_KEYS = [OLD]
    sealed = seal(SAID, row=ROW)

    settings.CREDENTIALS_KEYS = [NEW, OLD]
    assert unseal(sealed, row=ROW) == SAID
    assert not is_under_first_key(sealed)
    assert is_under_first_key(seal(SAID, row=ROW))

    settings.CREDENTIALS_KEYS = [NEW]
    with pytest.raises(Unreadable):
        unseal(sealed, row=ROW)


def test_without_a_key_nothing_is_sealed_but_with_debug(settings):
    settings.CREDENTIALS_KEYS, settings.DEBUG = [], False
    with pytest.raises(NoSealingKey):
        seal(SAID, row=ROW)

    settings.DEBUG = True
    assert unseal(seal(SAID, row=ROW), row=ROW) == SAID


@pytest.mark.parametrize("key", ["short", base64.b64encode(b"x" * 16).decode(), "no base64 at all!"])
def test_a_key_that_is_none_stops_and_is_not_shown(key, settings):
    settings.CREDENTIALS_KEYS = [key]

    with pytest.raises(ImproperlyConfigured) as caught:
        seal(SAID, row=ROW)

    assert key not in str(caught.value)


@pytest.mark.django_db
def test_the_command_seals_every_login_under_the_first_key(settings, capsys):
    settings.CREDENTIALS_KEYS = [OLD]
    connection = make_connection(make_tenant("a"))
    settings.CREDENTIALS_KEYS = [NEW, OLD]

    call_command("reseal_credentials")
    call_command("reseal_credentials")

    said = capsys.readouterr().out.splitlines()
    assert said == [
        "1 of 1 logins sealed anew.",
        "0 of 1 logins sealed anew.",
    ]
    settings.CREDENTIALS_KEYS = [NEW]
    assert login_of(fresh(connection)) == LOGIN
    settings.CREDENTIALS_KEYS = [OLD]
    with pytest.raises(NoAnswer):
        login_of(fresh(connection))
