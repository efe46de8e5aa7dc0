"""Messages through files: a reader sees a whole message or none, and nothing that is torn ends a worker."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection, Exchange, Queue

from volbal_site.celery import broker_settings
from volbal_site.file_messages import Transport

QUEUE = Queue("volbal", Exchange("volbal"), routing_key="volbal")


@pytest.fixture
def folder(tmp_path) -> Path:
    be_a_new_process()
    return tmp_path


def be_a_new_process() -> None:
    """Forget which queues this process has bound."""
    Transport.global_state.clear()


def connect(folder: Path) -> Connection:
    found = broker_settings("", folder)
    return Connection(
        found["broker_url"],
        transport=found["broker_transport"],
        transport_options=found["broker_transport_options"],
    )


@pytest.fixture
def queue(folder) -> Iterator[object]:
    with connect(folder) as connection, connection.SimpleQueue(QUEUE) as found:
        yield found


def send(folder: Path, *bodies: object) -> None:
    with connect(folder) as connection, connection.SimpleQueue(QUEUE) as sender:
        for body in bodies:
            sender.put(body)


def receive(queue) -> object:
    message = queue.get(timeout=5)
    message.ack()
    return message.payload


def test_the_site_uses_it_where_there_is_no_redis(folder):
    ours = "volbal_site.file_messages:Transport"

    assert broker_settings("", folder)["broker_transport"] == ours
    assert broker_settings("redis://localhost", folder)["broker_transport"] != ours


def test_what_is_sent_comes_once(folder, queue):
    send(folder, {"a": 1}, {"a": 2})

    assert sorted([receive(queue)["a"], receive(queue)["a"]]) == [1, 2]
    with pytest.raises(Empty):
        queue.get(timeout=0.01)


def test_readers_and_writers_at_once_never_see_half_a_message(folder, queue):
    bodies = [{"number": number, "long": "x" * 20_000} for number in range(200)]

    with ThreadPoolExecutor(4) as pool:
        sending = [pool.submit(send, folder, *bodies[part::4]) for part in range(4)]
        found = [receive(queue) for _ in bodies]
        assert [done.result() for done in sending] == [None] * 4

    assert sorted(body["number"] for body in found) == list(range(200))


def test_a_message_that_was_torn_is_passed_over(folder, queue):
    (folder / "messages" / "0_torn.volbal.msg").write_text("")
    (folder / "messages" / "1_torn.volbal.msg").write_text('{"bod')
    send(folder, {"whole": True})

    assert receive(queue) == {"whole": True}


def test_a_table_of_queues_that_was_torn_is_written_again(folder):
    send(folder, {"a": 1})
    table = folder / "control" / "volbal.exchange"
    table.write_text("")
    be_a_new_process()

    send(folder, {"a": 2})

    assert "volbal" in table.read_text()
    with connect(folder) as connection, connection.SimpleQueue(QUEUE) as queue:
        assert sorted([receive(queue)["a"], receive(queue)["a"]]) == [1, 2]


def test_nothing_is_left_lying_about(folder, queue):
    send(folder, {"a": 1})
    receive(queue)

    assert list((folder / "messages").iterdir()) == []
    assert [path.name for path in (folder / "control").iterdir()] == ["volbal.exchange"]
