"""A database that is busy, full or away: 503 with `Retry-After`, nothing changed, and it works again."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from orders.ledger import reservation_faults
from positions.ledger import journal_faults
from positions.tests.builders import everything_written, make_position, make_tenant
from volbal_site.tests.api_client import Api, make_key
from volbal_site.tests.away import database_away

pytestmark = pytest.mark.django_db(transaction=True)
ON_SQLITE = pytest.mark.skipif(not settings.IS_SQLITE, reason="SQLite's own")
ON_POSTGRESQL = pytest.mark.skipif(settings.IS_SQLITE, reason="PostgreSQL's own")

LARGEST_DATABASE = 2**30


@pytest.fixture
def tenant():
    return make_tenant("ann")


@pytest.fixture
def position(tenant):
    return make_position(tenant=tenant, cash=100)


@pytest.fixture
def api(tenant):
    return Api(make_key(tenant))


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


def deposit(api, position, key=None):
    headers = {} if key is None else {"Idempotency_Key": key}
    return api.call("POST", f"/positions/{position.pk}/cash", {"amount": "1"}, **headers)


def assert_unavailable(answer):
    assert answer.status_code == 503, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/problems/unavailable")
    assert int(answer["Retry-After"]) >= 1
    assert answer.json()["detail"] == answer.json()["title"]  # the database's words stay in the log


@contextmanager
def busy_sqlite():
    """Hold the write lock from another connection; ours waits 50 ms for it instead of 20 s."""
    execute("PRAGMA busy_timeout=50")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def another_connection():
    ours = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    return psycopg.connect(**{name: ours[name] for name in names if ours.get(name)})


@contextmanager
def row_locked_on_postgresql(position, limit):
    """Lock the position from another connection; ours waits 100 ms for it, by the limit of that name."""
    execute(f"SET {limit} = '100ms'")
    with another_connection() as other:
        other.execute("SELECT 1 FROM positions_position WHERE id = %s FOR UPDATE", [position.pk])
        yield
        other.rollback()
    execute(f"RESET {limit}")


@ON_SQLITE
def test_a_busy_sqlite_answers_503_and_works_again(api, position):
    written = everything_written()

    with busy_sqlite():
        answers = [deposit(api, position, key) for key in (None, "k-1")]
        reading = api.get("/positions")

    for answer in answers:
        assert_unavailable(answer)
    assert reading.status_code == 200
    assert everything_written() == written
    assert deposit(api, position, "k-1").json()["cash"] == "101"


@ON_POSTGRESQL
@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
def test_a_row_that_stays_locked_on_postgresql_answers_503_and_works_again(api, position, limit):
    written = everything_written()

    with row_locked_on_postgresql(position, limit):
        answers = [deposit(api, position, key) for key in (None, "k-1")]
        reading = api.get("/positions")

    for answer in answers:
        assert_unavailable(answer)
    assert reading.status_code == 200
    assert everything_written() == written
    assert deposit(api, position, "k-1").json()["cash"] == "101"


@contextmanager
def full_disk():
    """Use up the free pages, then allow no more."""
    page_size, free = execute("PRAGMA page_size")[0], execute("PRAGMA freelist_count")[0]
    execute("CREATE TABLE filler (content BLOB)")
    execute(f"INSERT INTO filler VALUES (zeroblob({page_size * free}))")
    execute(f"PRAGMA max_page_count={execute('PRAGMA page_count')[0]}")
    yield
    execute(f"PRAGMA max_page_count={LARGEST_DATABASE}")
    execute("DROP TABLE filler")


@ON_SQLITE
def test_a_full_disk_answers_503_and_the_books_stay_whole(api, position):
    keys = [f"k-{number}" for number in range(100)]
    answers = []

    with full_disk():
        while not answers or answers[-1].status_code == 200:
            answers.append(deposit(api, position, keys[len(answers)]))

    assert_unavailable(answers[-1])
    position.refresh_from_db()
    assert position.cash == 100 + len(answers) - 1
    assert [*journal_faults(), *reservation_faults()] == []
    assert deposit(api, position, keys[len(answers) - 1]).json()["cash"] == str(100 + len(answers))


def test_a_database_that_is_away_answers_503_and_works_again(api, position):
    written = everything_written()

    with database_away():
        answers = [deposit(api, position), api.get("/positions"), api.get(f"/positions/{position.pk}")]

    for answer in answers:
        assert_unavailable(answer)
    assert everything_written() == written
    assert deposit(api, position).json()["cash"] == "101"


@ON_POSTGRESQL
def test_a_connection_that_breaks_answers_503_and_works_again(api, position):
    connection.ensure_connection()
    with another_connection() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])

    assert_unavailable(deposit(api, position))

    connection.close()  # what Django does between requests
    assert deposit(api, position).json()["cash"] == "101"
