"""Messages through Redis, which may be away for a while."""

from __future__ import annotations

from typing import Any

import kombu
from celery.app.amqp import AMQP
from kombu.transport import redis

from volbal_site.short_waits import ShortWaits

# A worker looks so often whether Redis is back. Otherwise it would wait ever longer, half a minute at last.
LOOK_AGAIN_S = 2


class Channel(redis.Channel):
    """Gives nothing back when it is closed: with Redis away that fails in a way that ends the worker.

    Messages are nudges. One that nobody has dealt with has others after it before it is missed.
    """

    do_restore = False

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Say that a message was dealt with. Nobody is told once the channel is closed: Redis was away."""
        if not self.closed:
            super().basic_ack(delivery_tag, multiple)  # type: ignore[no-untyped-call]

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Give a message back, or away. Likewise."""
        if not self.closed:
            super().basic_reject(delivery_tag, requeue)  # type: ignore[no-untyped-call]


class Transport(ShortWaits, redis.Transport):
    """Redis, with channels of ours."""

    Channel = Channel


class Connection(kombu.Connection):  # type: ignore[misc,name-defined]
    """One that a worker tries again and again, without longer and longer pauses."""

    def ensure_connection(self, *arguments: Any, **options: Any) -> Any:
        return super().ensure_connection(*arguments, **{"interval_max": LOOK_AGAIN_S, **options})


class Amqp(AMQP):  # type: ignore[misc]
    """Celery's way to connections: ours."""

    Connection = Connection
