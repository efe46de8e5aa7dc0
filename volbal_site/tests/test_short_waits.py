"""A worker that is told to end hears of it soon, whatever brings its messages."""

from __future__ import annotations

import pytest
from kombu.transport import virtual

from volbal_site import file_messages, redis_transport
from volbal_site.short_waits import LONGEST_S


@pytest.mark.parametrize("transport", [file_messages.Transport, redis_transport.Transport])
@pytest.mark.parametrize(("asked", "waits"), [(2.0, LONGEST_S), (0.05, 0.05), (0, 0), (None, None)])
def test_a_worker_waits_for_messages_a_little_at_a_time(monkeypatch, transport, asked, waits):
    heard = []
    monkeypatch.setattr(
        virtual.Transport, "drain_events", lambda self, connection, timeout: heard.append(timeout)
    )

    transport.drain_events(object.__new__(transport), None, timeout=asked)

    assert heard == [waits]
