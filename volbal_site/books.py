"""Do the books agree? Asked by a person, by a schedule, and while trading goes on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from accounts.one_moment import one_moment
from accounts.transactions import Stamp, unit_of_work
from alerts.pulses import BOOKS_CHECKED, note_pulse
from dividends.ledger import receivable_faults
from orders.breakers import note_check_of_books
from orders.ledger import order_faults, reservation_faults
from positions.guards import missing_guards
from positions.ledger import event_faults, journal_chain_faults, journal_faults


def ledger_faults() -> Iterator[str]:
    """Yield a sentence for each balance, order, reservation or receivable that doesn't add up."""
    return chain(journal_faults(), order_faults(), reservation_faults(), receivable_faults())


def audit_faults() -> Iterator[str]:
    """Yield a sentence for each row of history that was changed or is not guarded."""
    return chain(guard_faults(), event_faults(), journal_chain_faults())


def guard_faults() -> Iterator[str]:
    """Yield a sentence for every trigger that should defend history and is not there."""
    for table, trigger in missing_guards():
        yield f"Table {table}: its guard {trigger} is missing or altered; manage.py migrate installs it."


def check_books(*, stamp: Stamp) -> list[str]:
    """Make both checks and return what they find; if that is anything, everyone's trading is halted.

    Opens its own unit of work. May run while trading goes on, twice, or on two workers at once.
    """
    with one_moment():
        faults = [*ledger_faults(), *audit_faults()]
    with unit_of_work():
        note_check_of_books(faults=len(faults), stamp=stamp)
        note_pulse(BOOKS_CHECKED, stamp.at)
    return faults
