"""Messages to workers as files, where there is no Redis. Kombu's own way, but whole files or none.

Kombu writes a message into the file that readers look for, so that a reader may find half of it, which ends
the worker; and a process that is killed over the table of queues leaves one that nobody can read any more.
"""

# Kombu has some types, which contradict each other.
# mypy: disable-error-code="override,no-untyped-call"

from __future__ import annotations

import os
import uuid
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps

from volbal_site.short_waits import ShortWaits

# A message's name is <monotonic milliseconds>_<random>.<queue>.msg, and they are read in the order of these.
_ENDING = ".msg"


class Channel(filesystem.Channel):
    """Writes beside, then renames: whoever lists the folder sees a message whole."""

    def _put(self, queue: Any, message: Any, **kwargs: Any) -> None:
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}{_ENDING}"
        _write_whole(Path(self.data_folder_out) / name, message)

    def _get(self, queue: Any, timeout: Any = None) -> Any:
        """Return the next message; one that can't be read is lost, which costs some seconds."""
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                continue
            except ChannelError:
                raise Empty from None

    def get_table(self, exchange: str) -> list[Any]:
        """Return which queues an exchange has; none if its table can't be read: it is written again."""
        try:
            return list(super().get_table(exchange))
        except ValueError:
            return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        table = self.get_table(exchange)
        if bound not in table:
            _write_whole(self._exchange_file(exchange), [bound, *table])


class Transport(ShortWaits, filesystem.Transport):
    """What `broker_transport` names."""

    Channel = Channel


def _write_whole(path: Path, content: Any) -> None:
    beside = path.with_name(f".{uuid.uuid4()}.part")
    try:
        beside.write_text(dumps(content))
        os.replace(beside, path)
    except OSError as error:
        raise ChannelError(f"Cannot write {path}: {error}") from error
