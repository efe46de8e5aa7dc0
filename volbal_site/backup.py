"""A copy of an embedded database, of one moment, while it is in use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path


class NoBackup(Exception):
    """There is no copy. The message says why, for a person."""


def back_up_sqlite(source: Path, target: Path) -> None:
    """Copy the database in `source` to the new file `target`, which only its owner may read.

    Readers and writers go on meanwhile. The copy gets its name when it was looked through and is on the disk,
    so that a file of that name is a whole one. Raises NoBackup, and OSError if there is no room.
    """
    if target.exists():
        raise NoBackup(f"{target} is there already; a backup replaces nothing.")
    draft = target.with_name(f"{target.name}.part")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with closing(sqlite3.connect(source, timeout=20)) as connection:
            connection.execute("VACUUM INTO ?", [str(draft)])
        _look_through(draft)
        _reach_the_disk(draft)
        os.link(draft, target)  # unlike a rename it replaces nothing, whoever was faster
        _reach_the_disk(target.parent)
    except (sqlite3.Error, FileExistsError) as error:
        raise NoBackup(f"{target} could not be written: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _look_through(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
    if found != ["ok"] or dangling:
        raise NoBackup(f"The copy is not whole: {(found + dangling)[:3]}.")


def _reach_the_disk(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
