"""The one transaction helper, and the one lock helper.

Views, tasks and commands open a `unit_of_work`; services run inside it and never open their own. Locks are
taken in one order: idempotency row, tenant, positions by pk, orders, receivables, chain heads, then inserts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from django.db import connection, models, transaction

from accounts.errors import InsideTransaction, NotFound, OutsideUnitOfWork
from accounts.fair_lock import FairLock

M = TypeVar("M", bound=models.Model)
R = TypeVar("R")


class Finishing(Protocol):
    """Something that collects what a unit of work is to write at its end."""

    def finish(self) -> None:
        """Write what was collected."""
        ...

    def mark(self) -> Any:
        """Return what `roll_back_to` needs to forget all that comes after now."""
        ...

    def roll_back_to(self, mark: Any) -> None:
        """Forget what was collected since the mark, which is used once."""
        ...


class Claiming(Protocol):
    """Something that a unit of work takes before anything else, or does nothing at all."""

    def claim(self) -> None:
        """Take it, or raise."""
        ...


Finisher = TypeVar("Finisher", bound=Finishing)


class UnitOfWork:
    """One transaction under way, with what is still to be written before it commits."""

    def __init__(self) -> None:
        self._finishers: dict[type, Finishing] = {}

    def finisher(self, kind: type[Finisher]) -> Finisher:
        """Return this unit's only `kind()`; it finishes last, once, inside the transaction."""
        if kind not in self._finishers:
            self._finishers[kind] = kind()
        return cast(Finisher, self._finishers[kind])

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Run the block; an exception undoes the block alone, also what it left to be written at the end."""
        marks = {kind: finisher.mark() for kind, finisher in self._finishers.items()}
        try:
            with transaction.atomic():
                yield
        except BaseException:
            self._roll_back_to(marks)
            raise

    def finish(self) -> None:
        """Let the finishers write, in the order in which they were first asked for."""
        for finisher in self._finishers.values():
            finisher.finish()

    def _roll_back_to(self, marks: dict[type, Any]) -> None:
        self._finishers = {kind: self._finishers[kind] for kind in marks}
        for kind, mark in marks.items():
            self._finishers[kind].roll_back_to(mark)


_SQLITE_WRITERS = FairLock(patience_s=5)
_current: ContextVar[UnitOfWork | None] = ContextVar("unit_of_work", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When something is done (aware UTC; replayed time on a replay), by whom, in which request."""

    at: datetime
    actor: str
    request_id: str = ""


@contextmanager
def unit_of_work(idempotency: Claiming | None = None) -> Iterator[None]:
    """Run the block in one transaction that is on the disk when the block ends, or changes nothing.

    With `idempotency` that is claimed first, and the block doesn't run if it can't be; `answer_once` is how
    a request does so. Raises RuntimeError when a transaction is open already: it would break the promise.
    """
    with _in_turn(), transaction.atomic(durable=True):
        unit = UnitOfWork()
        token = _current.set(unit)
        try:
            if idempotency is not None:
                idempotency.claim()
            yield
            unit.finish()
        finally:
            _current.reset(token)


def _in_turn() -> AbstractContextManager[None]:
    """On SQLite let this process's threads begin in the order in which they came.

    Its busy handler has waiters sleep and try again, so that some wait for seconds while others overtake
    them. Other processes, and what isn't a unit of work, still meet there: it is the database that locks.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return nullcontext()
    return _SQLITE_WRITERS.turn()


def current_unit() -> UnitOfWork:
    """Return the unit of work that is open. Raises OutsideUnitOfWork if none is."""
    unit = _current.get()
    if unit is None:
        raise OutsideUnitOfWork("open a unit_of_work() first")
    return unit


def require_unit_of_work() -> None:
    """Raise OutsideUnitOfWork unless a `unit_of_work` is open."""
    current_unit()


def require_no_transaction() -> None:
    """Raise InsideTransaction if a transaction is open: what an adapter calls before it uses the network.

    The network may take ten seconds, and for as long every row locked here would block the others. Like
    `durable`, it doesn't count the transaction that Django's tests run in.
    """
    blocks = connection.atomic_blocks
    if blocks and not getattr(blocks[-1], "_from_testcase", False):
        raise InsideTransaction("the network is used before the transaction or after it, never inside")


def lock_one(queryset: models.QuerySet[M], what: str) -> M:
    """Lock and freshly read the one row of `queryset` until the unit of work ends.

    On SQLite the whole database is locked since the unit began. Raises NotFound if there is none.
    """
    require_unit_of_work()
    return read_one(for_update(queryset), what)


def for_update(queryset: models.QuerySet[M]) -> models.QuerySet[M]:
    """Return a query that locks the rows it finds, but lets rows that refer to them be written."""
    return queryset.select_for_update(of=("self",), no_key=True)


def lock_all(queryset: models.QuerySet[M]) -> list[M]:
    """Lock and freshly read every row of `queryset` in the order of ids, which is the same for everybody."""
    require_unit_of_work()
    return list(queryset.order_by("pk").select_for_update(of=("self",), no_key=True))


def read_one(queryset: models.QuerySet[M], what: str) -> M:
    """Read the one row of `queryset`, locking nothing. Raises NotFound if there is none."""
    return the_row(queryset.first(), what)


def the_row(row: R | None, what: str) -> R:
    """Return what was found. Raises NotFound if nothing was."""
    if row is None:
        raise NotFound(f"There is no such {what}.")
    return row
