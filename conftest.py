"""What every test stands on."""

from __future__ import annotations

import pytest
from django.test import TransactionTestCase

from positions.guards import install_guards, remove_guards

_flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def _flush_past_the_guards(test_case: TransactionTestCase) -> None:
    """Empty the tables after a test that commits: history refuses that, so its guards step aside."""
    remove_guards()
    try:
        _flush(test_case)
    finally:
        install_guards()


TransactionTestCase._fixture_teardown = _flush_past_the_guards  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _fresh_providers() -> None:
    """Let no test see prices that another one set."""
    from market.providers import registry

    registry._instances.clear()
