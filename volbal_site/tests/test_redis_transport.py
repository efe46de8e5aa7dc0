"""A message that is done with when its channel is closed ends no worker: Redis was away meanwhile."""

from __future__ import annotations

import pytest
from kombu import Queue

from volbal_site.redis_transport import Connection, Transport
from volbal_site.tests.redis_server import redis_url

NUDGES = Queue("nudges", routing_key="nudges")


@pytest.fixture
def message():
    """A message that a worker has taken."""
    with redis_url() as url, Connection(url, transport=Transport) as connection:
        queue = NUDGES(connection.channel())
        queue.declare()
        connection.Producer().publish({}, routing_key="nudges")
        yield queue.get()


@pytest.mark.parametrize("end", ["ack", "reject", "requeue"])
def test_a_message_may_be_ended_after_its_channel(message, end):
    message.channel.close()

    getattr(message, end)()


def test_one_that_was_acknowledged_in_time_is_gone(message):
    client = message.channel.client
    assert client.hlen("unacked") == 1

    message.ack()

    assert client.hlen("unacked") == 0
