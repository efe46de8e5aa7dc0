"""Whether the database has been set up."""

from django.core.management.base import CommandError
from django.db import connection

from accounts.models import Tenant


def is_migrated() -> bool:
    """Return whether `migrate` has ever been run on this database."""
    return Tenant._meta.db_table in connection.introspection.table_names()


def require_migrated() -> None:
    """Raise CommandError unless the database has been set up: what a command calls first."""
    if not is_migrated():
        raise CommandError("The database is not set up yet: run manage.py migrate first.")
