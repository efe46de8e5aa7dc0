"""Rows that all tests of a module find, made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.test import TestCase

Made = TypeVar("Made")


@contextmanager
def shared_rows(blocker: Any, make: Callable[[], Made]) -> Iterator[Made]:
    """Yield what `make` makes, in a transaction that is rolled back at the end.

    Each test's own transaction is a savepoint in it, so that no test finds what another one has done. None of
    them may commit, or look from another connection.
    """
    with blocker.unblock():
        transactions = TestCase._enter_atomics()  # type: ignore[attr-defined]
    try:
        with blocker.unblock():
            made = make()
        yield made
    finally:
        with blocker.unblock():
            TestCase._rollback_atomics(transactions)  # type: ignore[attr-defined]
