"""Whether the database has been set up."""

from django.db import connection

from accounts.models import Tenant


def is_migrated() -> bool:
    """Return whether `migrate` has ever been run on this database."""
    return Tenant._meta.db_table in connection.introspection.table_names()
