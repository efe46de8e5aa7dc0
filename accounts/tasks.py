"""What workers do for accounts."""

from __future__ import annotations

from django.utils import timezone

from accounts.background import background_task
from accounts.idempotency import KEPT_AT_LEAST, prune_idempotency_records
from accounts.transactions import unit_of_work


@background_task("accounts.prune_idempotency_keys")
def prune_idempotency_keys() -> None:
    """Forget answers that are older than a week; those about orders and fills stay."""
    with unit_of_work():
        prune_idempotency_records(timezone.now() - KEPT_AT_LEAST)
