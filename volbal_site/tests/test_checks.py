"""System checks of what the ledger stands on."""

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from positions.guards import install_guards, remove_guards
from volbal_site.checks import check_database

ON_SQLITE = pytest.mark.skipif(not settings.IS_SQLITE, reason="pragmas are SQLite's")


def found():
    return check_database(databases=["default"])


@pytest.mark.django_db
def test_a_migrated_database_passes():
    assert found() == []
    call_command("check", databases=["default"], fail_level="WARNING")


@pytest.mark.django_db
def test_without_databases_to_check_nothing_is_asked():
    remove_guards()

    assert check_database() == check_database(databases=[]) == []


@pytest.mark.django_db
def test_every_guard_that_is_missing_is_a_warning():
    remove_guards()

    messages = found()

    assert {message.id for message in messages} == {"volbal.W001"}
    text = " ".join(message.msg for message in messages)
    assert "positions_event " in text
    assert "positions_journalentry " in text
    install_guards()
    assert found() == []


@pytest.fixture
def own_file(tmp_path, django_db_blocker):
    """Connect to a database that nobody else has open: its mode can't be changed while somebody has."""
    shared, own = connections["default"], connections["default"].copy()
    own.settings_dict = {**own.settings_dict, "NAME": str(tmp_path / "own.sqlite3")}
    with django_db_blocker.unblock():
        connections["default"] = own
        yield
        own.close()
        connections["default"] = shared


@ON_SQLITE
@pytest.mark.usefixtures("own_file")
@pytest.mark.parametrize(
    ("pragma", "wrong", "right"),
    [
        ("foreign_keys", "OFF", "ON"),
        ("recursive_triggers", "OFF", "ON"),
        ("synchronous", "NORMAL", "FULL"),
        ("journal_mode", "DELETE", "WAL"),
    ],
)
def test_a_pragma_that_is_off_is_an_error(pragma, wrong, right):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}={wrong}")
        messages = found()
        cursor.execute(f"PRAGMA {pragma}={right}")

    assert [message.id for message in messages] == ["volbal.E001"]
    assert pragma in messages[0].msg
    assert found() == []


@ON_SQLITE
@pytest.mark.django_db
def test_transactions_that_begin_deferred_are_an_error(monkeypatch):
    monkeypatch.setattr(connections["default"], "transaction_mode", "DEFERRED")

    assert [message.id for message in found()] == ["volbal.E002"]


@pytest.mark.skipif(settings.IS_SQLITE, reason="SQLite has no limit of connections")
@pytest.mark.django_db
@pytest.mark.parametrize(("processes", "threads"), [(1, 1000), (50, 16)])
def test_more_threads_than_postgresql_has_connections_are_an_error(settings, processes, threads):
    settings.WEB_PROCESSES, settings.WEB_THREADS = processes, threads

    assert [message.id for message in found()] == ["volbal.E003"]
