"""A second thread with a connection of its own, and what it takes off the hands of who commits on SQLite."""

from __future__ import annotations

import shutil
import sqlite3
from threading import Event, current_thread

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections

from accounts.beside import beside, carrying_over
from accounts.models import Tenant
from accounts.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)

sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own log")


def test_the_work_is_done_meanwhile_by_another_thread_and_connection():
    begun, going_on, seen = Event(), Event(), []

    def work():
        begun.set()
        seen.append(going_on.wait(timeout=30))
        connection.ensure_connection()
        seen.append(connection.connection)
        return current_thread().name

    with beside(work) as other:
        assert begun.wait(timeout=30)
        going_on.set()

    assert other.done()
    assert other.result() != current_thread().name
    assert seen[0]
    assert seen[1] is not connection.connection


def test_its_connection_is_closed_when_it_ends():
    def work():
        connection.ensure_connection()
        return connections[DEFAULT_DB_ALIAS]

    with beside(work) as other:
        pass

    assert other.result().connection is None


def test_what_it_raises_is_raised_by_its_result():
    def work():
        raise LookupError("gone")

    with beside(work) as other:
        pass

    with pytest.raises(LookupError, match="gone"):
        other.result()


def commits_itself_after() -> int:
    with connection.cursor() as cursor:
        return cursor.execute("PRAGMA wal_autocheckpoint").fetchone()[0]


def names_in_file_alone(folder) -> set[str]:
    """Return the tenants in SQLite's file as it is without its log."""
    copy = folder / "alone.sqlite3"
    shutil.copyfile(connection.settings_dict["NAME"], copy)
    with sqlite3.connect(copy) as alone:
        return {name for (name,) in alone.execute(f"SELECT name FROM {Tenant._meta.db_table}")}


@sqlite_only
def test_what_is_committed_is_carried_into_the_file(tmp_path):
    with carrying_over():
        assert commits_itself_after() == 0
        with unit_of_work():
            Tenant.objects.create(name="carried over")

    assert "carried over" in names_in_file_alone(tmp_path)


@sqlite_only
def test_afterwards_commits_do_so_again_whatever_happened():
    before = commits_itself_after()

    with pytest.raises(LookupError), carrying_over():
        raise LookupError

    assert commits_itself_after() == before > 0
