"""Which tests may tell one database from another, for the run that repeats them on PostgreSQL.

A plugin of pytest (see conftest.py). The rest can't: they have no fixture of the database, without which
nothing gets a connection, and their module speaks of no database and starts no process. Some that do say
`any_database` themselves.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup"}
SPOKEN_OF = re.compile(
    r"database|sqlite|postgres|psycopg|scratch|connection|vendor|process|command", re.IGNORECASE
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("any_database") is None and (
            _has_a_database(item) or _speaks_of_one(item.path)
        ):
            item.add_marker("database")


def _has_a_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(FIXTURES & fixtures)


@cache
def _speaks_of_one(module: Path) -> bool:
    return SPOKEN_OF.search(module.read_text(encoding="utf-8")) is not None
