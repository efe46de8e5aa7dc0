"""`manage.py backup FILE`: a copy of the database while everything goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from accounts.database import require_migrated
from volbal_site.backup import NoBackup, back_up_sqlite


class Command(BaseCommand):
    help = "Copy the database to a new file, as it is at one moment, while everything goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a file that isn't there yet")

    def handle(self, *, file: Path, **options: Any) -> None:
        if not settings.IS_SQLITE:
            raise CommandError(
                'PostgreSQL brings its own: pg_dump --format=custom --file=FILE "$DATABASE_URL"', returncode=2
            )
        require_migrated()
        try:
            back_up_sqlite(Path(connection.settings_dict["NAME"]), file)
        except (NoBackup, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Saved to {file}. Keep the secrets beside it: docs/operations.md says which.")
