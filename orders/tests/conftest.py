"""What tests of sending need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from market.providers.registry import provider
from market.tests.conftest import _yahoo_server, yahoo  # noqa: F401  the feed that goes wrong
from orders.tests.scripted_broker import ScriptedBroker, WallClock, scripted
from positions.tests.builders import OPENED_AT


@pytest.fixture
def broker(settings) -> Iterator[ScriptedBroker]:
    """A broker over the network that says what it was told; its market's time is OPENED_AT."""
    provider("static").move_to(OPENED_AT)
    with scripted(settings) as found:
        yield found


@pytest.fixture
def clock() -> WallClock:
    return WallClock()
