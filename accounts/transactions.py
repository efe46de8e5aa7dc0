"""The one transaction helper, and the one lock helper.

Views, tasks and commands open a `unit_of_work`; services run inside it and never open their own. Locks are
taken in one order: idempotency row, tenant, positions by pk, orders, receivables, chain heads, then inserts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import models, transaction

from accounts.errors import LockOutsideUnitOfWork, NotFound

M = TypeVar("M", bound=models.Model)

_inside: ContextVar[bool] = ContextVar("inside_unit_of_work", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When something is done (aware UTC; replayed time on a replay), by whom, in which request."""

    at: datetime
    actor: str
    request_id: str = ""


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Run the block in one transaction that is on the disk when the block ends, or changes nothing.

    Raises RuntimeError when one is open already: an outer transaction would break that promise.
    """
    with transaction.atomic(durable=True):
        token = _inside.set(True)
        try:
            yield
        finally:
            _inside.reset(token)


def require_unit_of_work() -> None:
    """Raise LockOutsideUnitOfWork unless a `unit_of_work` is open."""
    if not _inside.get():
        raise LockOutsideUnitOfWork("open a unit_of_work() first")


def lock_one(queryset: models.QuerySet[M], what: str) -> M:
    """Lock and freshly read the one row of `queryset` until the unit of work ends.

    On SQLite the whole database is locked since the unit began. Raises NotFound if there is none.
    """
    require_unit_of_work()
    row = queryset.select_for_update(of=("self",)).first()
    if row is None:
        raise NotFound(f"There is no such {what}.")
    return row
