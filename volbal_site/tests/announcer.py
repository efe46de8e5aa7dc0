"""A client that never stops asking the web server for something, and never gives up on an answer."""

from __future__ import annotations

import http.client
import json
from datetime import date, timedelta
from threading import Event, Thread
from typing import Any

TICKER = "ZZZ"
FIRST = date(2030, 1, 1)


class Announcer:
    """Announces one dividend after the other, each under a key of its own, until it is answered.

    `failed` counts the requests that got no answer: the process died over them.
    """

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key
        self._is_over = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self.is_asking = False
        self.answered = self.failed = 0
        self.complaints: list[str] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._is_over.wait(0.05):
            while not self._ask(self.answered):
                if self._is_over.wait(0.1):
                    return
            self.answered += 1

    def _ask(self, number: int) -> bool:
        day = (FIRST + timedelta(days=number)).isoformat()
        body = json.dumps({"ticker": TICKER, "ex_date": day, "pay_date": day, "dps": "1"})
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"announce-{number}",
        }
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        self.is_asking = True
        try:
            link.request("POST", "/v1/dividends/announce", body, headers)
            return self._is_done(link.getresponse())
        except (OSError, http.client.HTTPException):
            self.failed += 1
            return False
        finally:
            self.is_asking = False
            link.close()

    def _is_done(self, answer: Any) -> bool:
        """A busy database is worth another try; anything else that isn't 201 is a complaint."""
        if answer.status not in (201, 409, 503):
            self.complaints.append(f"{answer.status} {answer.read()[:300]!r}")
        return answer.status == 201
