"""A backup made while everything goes on: restored, it has all that was answered, and its books are right."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings

from dividends.tests.scratch import Scratch, scratch_database
from volbal_site.backup import NoBackup, back_up_sqlite
from volbal_site.tests import postgresql_programs
from volbal_site.tests.endless_requests import BOOK_CHECKS, Requests, open_cell, send_all
from volbal_site.tests.persistent_client import PersistentClient
from volbal_site.tests.running_site import free_port, running_site, wait_until

ON_SQLITE = pytest.mark.skipif(not settings.IS_SQLITE, reason="SQLite's own")
CLIENTS = 6


def back_up(scratch: Scratch, file) -> None:
    """Back up as docs/operations.md says."""
    if settings.IS_SQLITE:
        assert scratch.told("backup", str(file)).startswith(f"Saved to {file}.")
    else:
        postgresql_programs.run("pg_dump", "--format=custom", f"--file={file}", scratch.url)


def restore(file, empty: Scratch) -> None:
    """Restore into a database that nothing is in."""
    if settings.IS_SQLITE:
        shutil.copy(file, empty.url.removeprefix("sqlite:///"))
    else:
        postgresql_programs.run(
            "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={empty.url}", str(file)
        )


def is_right(restored: Scratch, answered: set[str]) -> None:
    """Raise AssertionError unless it holds what was answered, and every check of the books passes."""
    keys = {row[0] for row in restored.rows("SELECT key FROM accounts_idempotencyrecord")}
    assert answered <= keys
    for check in BOOK_CHECKS:
        restored.told(check)
    assert restored.told("migrate", "--check", "--verbosity=0") == ""


@pytest.mark.faults
@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
@pytest.mark.parametrize(
    "backups", [pytest.param(2, marks=pytest.mark.quick, id="quick"), pytest.param(12, id="long")]
)
def test_what_was_answered_before_is_in_a_backup_made_under_load(migrated, tmp_path, backups):
    with scratch_database(tmp_path, migrated) as scratch, ThreadPoolExecutor(CLIENTS) as pool:
        key = scratch.told("create_api_key", "--tenant", "t", "--scopes", "read,trade")
        client = PersistentClient(free_port(), key)
        with running_site(scratch, tmp_path, client.port):
            requests = Requests(open_cell(client))
            try:
                sent = [pool.submit(send_all, client, requests) for _ in range(CLIENTS)]
                made = [made_under_load(scratch, client, tmp_path / f"{n}.backup") for n in range(backups)]
            finally:
                requests.at_least = 0
            for each in sent:
                each.result()

        for file, answered in made:
            with scratch_database(tmp_path) as empty:
                restore(file, empty)
                is_right(empty, answered)


def made_under_load(scratch, client, file):
    """Back up at work; return the file and what had been answered when that began."""
    before = len(client.answers)
    wait_until(lambda: len(client.answers) >= before + 2 * CLIENTS)
    answered = set(client.answers)
    back_up(scratch, file)
    assert len(client.answers) > len(answered)
    return file, answered


@pytest.fixture(scope="module")
def replayed(migrated, tmp_path_factory):
    """A database with a few days of trading in it."""
    with scratch_database(tmp_path_factory.mktemp("replayed"), migrated) as scratch:
        scratch.told("replay", "IBM", "--to", "2000-03-10")
        yield scratch


@ON_SQLITE
def test_a_backup_is_the_same_books_for_its_owners_eyes_and_guarded_again(replayed, tmp_path):
    file = tmp_path / "copy.sqlite3"

    back_up(replayed, file)

    copy = Scratch(f"sqlite:///{file}")
    assert copy.told("ledger_digest") == replayed.told("ledger_digest")
    assert copy.told("verify_audit").startswith("History is intact")
    assert file.stat().st_mode & 0o777 == 0o600


@ON_SQLITE
def test_a_backup_replaces_nothing(replayed, tmp_path):
    file = tmp_path / "copy.sqlite3"
    file.write_text("mine")

    done = replayed.run("backup", str(file))

    assert (done.returncode, file.read_text()) == (1, "mine")
    assert "is there already" in done.stderr


@ON_SQLITE
def test_a_folder_that_is_not_there_is_said(replayed, tmp_path):
    done = replayed.run("backup", str(tmp_path / "no" / "copy.sqlite3"))

    assert done.returncode == 1
    assert "No such file" in done.stderr


@ON_SQLITE
def test_a_copy_that_is_not_whole_gets_no_name(tmp_path):
    (tmp_path / "broken").write_bytes(b"SQLite format 3\0" + b"x" * 5000)

    with pytest.raises(NoBackup):
        back_up_sqlite(tmp_path / "broken", tmp_path / "copy")

    assert sorted(file.name for file in tmp_path.iterdir()) == ["broken"]


@pytest.mark.skipif(settings.IS_SQLITE, reason="PostgreSQL's own")
def test_on_postgresql_it_is_said_what_to_do_instead(tmp_path):
    done = Scratch(settings.DATABASE_URL).run("backup", str(tmp_path / "copy"))

    assert done.returncode == 2
    assert "pg_dump --format=custom" in done.stderr
