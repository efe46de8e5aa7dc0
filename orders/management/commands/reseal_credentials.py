"""`manage.py reseal_credentials`: encrypt every login under the first of CREDENTIALS_KEYS."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts.database import require_migrated
from accounts.transactions import lock_one, unit_of_work
from orders.connection_models import BrokerConnection
from orders.sealing import Unreadable, is_under_first_key, seal, unseal


class Command(BaseCommand):
    help = "Encrypt the logins of connected accounts anew, after a key was put first in CREDENTIALS_KEYS."

    def handle(self, **options: Any) -> None:
        require_migrated()
        ids = list(BrokerConnection.objects.in_force().order_by("pk").values_list("pk", flat=True))
        try:
            done = sum(_reseal(connection_id) for connection_id in ids)
        except Unreadable as error:
            raise CommandError(f"A login can't be read: {error}.") from None
        self.stdout.write(f"{done} of {len(ids)} logins sealed anew.")


def _reseal(connection_id: UUID) -> bool:
    with unit_of_work():
        connection = lock_one(BrokerConnection.objects.filter(pk=connection_id), "account")
        if not connection.credentials or is_under_first_key(connection.credentials):
            return False
        said = unseal(connection.credentials, row=connection.pk)
        connection.credentials = seal(said, row=connection.pk)
        connection.save(update_fields=["credentials"])
        return True
