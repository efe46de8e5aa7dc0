"""One web process for tests: the WSGI application behind a few threads, until standard input ends.

usage: python -m volbal_site.tests.web_server THREADS

It prints its port. Whoever started it holds the other end of its standard input, so it can't outlive them.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from volbal_site.wsgi import application


class PooledServer(WSGIServer):
    """Answers in a fixed number of threads, as a server in production does; the others wait in line."""

    request_queue_size = 512

    def __init__(self, threads: int) -> None:
        super().__init__(("127.0.0.1", 0), QuietHandler)
        self.pool = ThreadPoolExecutor(threads)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Leave the request to the next thread that is free."""
        self.pool.submit(self._answer, request, client_address)

    def _answer(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except Exception:
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)


class QuietHandler(WSGIRequestHandler):
    """Writes no line for every request."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def main(threads: int) -> None:
    """Serve until standard input ends, then die at once, whatever is under way."""
    server = PooledServer(threads)
    server.set_app(application)
    Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
