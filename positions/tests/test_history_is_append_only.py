"""The database refuses to change or delete history, whoever asks and however."""

import sqlite3

import pytest
from django.db import IntegrityError, connection, transaction

from positions.guards import missing_guards
from positions.models import Event, JournalEntry
from positions.tests.builders import everything_written, make_position
from positions.tests.raw_rows import ON_SQLITE, execute, stored

TABLES = ["positions_event", "positions_journalentry"]

sqlite_only = pytest.mark.skipif(not ON_SQLITE, reason="SQLite's own way to overwrite a row")
postgresql_only = pytest.mark.skipif(ON_SQLITE, reason="PostgreSQL's own way to overwrite a row")
history = pytest.mark.parametrize("table", TABLES)


@pytest.fixture
def written(db):
    """One cell's history; afterwards it must be as it was."""
    make_position()
    before = everything_written()
    yield
    assert everything_written() == before


def refuse(sql, parameters=None):
    with pytest.raises(IntegrityError, match="history is append-only"):
        execute(sql, parameters)


@history
@pytest.mark.usefixtures("written")
def test_an_update_is_refused(table):
    refuse(f"UPDATE {table} SET hash = ''")
    refuse(f"UPDATE {table} SET hash = hash")


@history
@pytest.mark.usefixtures("written")
def test_a_delete_is_refused(table):
    refuse(f"DELETE FROM {table}")
    refuse(f"DELETE FROM {table} WHERE seq = 1")


@pytest.mark.parametrize("model", [Event, JournalEntry])
@pytest.mark.usefixtures("written")
def test_the_orm_is_refused_too(model):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        model.objects.update(seq=9)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        model.objects.all().delete()


@sqlite_only
@history
@pytest.mark.parametrize("same", [{"id"}, {"chain", "seq"}, {"row_number"}])
@pytest.mark.usefixtures("written")
def test_an_insert_or_replace_is_refused(table, same):
    sql, values = replacing(table, same)

    refuse(sql.replace("?", "%s"), values)


def replacing(table, same):
    """Return an INSERT OR REPLACE that clashes with the first row in the columns `same` only."""
    row = stored(table)
    row["hash"] = "0" * 64
    for column, other in (("id", "f" * 32), ("chain", "other"), ("seq", 77), ("row_number", 7_777)):
        if column not in same:
            row[column] = other
    columns = ["rowid" if name == "row_number" else name for name in row]
    marks = ", ".join("?" for _ in columns)
    return f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})", list(row.values())


@sqlite_only
@history
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_not_ours_is_refused_too(table):
    make_position()
    before = everything_written()
    attempts = [
        (f"UPDATE {table} SET hash = ''", []),
        (f"UPDATE OR REPLACE {table} SET seq = 9", []),
        (f"DELETE FROM {table}", []),
        *(replacing(table, same) for same in ({"id"}, {"chain", "seq"}, {"row_number"})),
    ]

    other = sqlite3.connect(connection.settings_dict["NAME"])
    assert other.execute("PRAGMA recursive_triggers").fetchone() == (0,)
    for sql, values in attempts:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(sql, values)
        other.rollback()
    other.close()

    assert everything_written() == before


@postgresql_only
@history
@pytest.mark.usefixtures("written")
def test_truncate_is_refused(table):
    connection.check_constraints()  # PostgreSQL truncates nothing while foreign keys wait to be checked
    refuse(f"TRUNCATE {table} CASCADE")


@postgresql_only
@history
@pytest.mark.parametrize("target", ["(id)", "(chain, seq)"])
@pytest.mark.usefixtures("written")
def test_on_conflict_do_update_is_refused(table, target):
    refuse(f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT {target} DO UPDATE SET hash = ''")


@postgresql_only
@history
@pytest.mark.usefixtures("written")
def test_merge_is_refused(table):
    refuse(f"MERGE INTO {table} t USING {table} s ON t.id = s.id WHEN MATCHED THEN DELETE")


@pytest.mark.usefixtures("written")
def test_no_guard_is_missing():
    assert missing_guards() == []
