"""A thread's connection lasts from request to request, and no longer than the thread."""

import threading

import pytest
from django.db import connection

from volbal_site.connections import closing_with_their_threads


@pytest.mark.django_db(transaction=True)
def test_a_connection_is_closed_when_its_thread_ends():
    seen = []

    def look(environ, start_response):
        connection.ensure_connection()
        seen.append(connection.connection)
        return []

    application = closing_with_their_threads(look)
    thread = threading.Thread(target=lambda: [application({}, None) for _ in range(2)])

    thread.start()
    thread.join()

    first, second = seen
    assert first is second
    with pytest.raises(Exception, match="closed"):
        first.cursor()
