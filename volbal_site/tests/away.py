"""A database that can't be reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection

NOWHERE: dict[str, Any] = {"NAME": "/nowhere/at/all.sqlite3"} if settings.IS_SQLITE else {"HOST": "/nowhere"}


@contextmanager
def database_away() -> Iterator[None]:
    """Let every new connection of this thread fail, as when the server is gone."""
    connection.close()
    real = dict(connection.settings_dict)
    connection.settings_dict.update(NOWHERE)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(real)
