"""What `manage.py up` speaks to, on this machine: database, Redis, a broker, a receiver of webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.conf import settings

from alerts.tests.builders import webhook_to
from alerts.tests.receivers import Server, webhook_receiver
from dividends.tests.scratch import PATIENCE, Scratch, scratch_database
from positions.tests.builders import make_tenant
from volbal_site.tests.api_client import make_key
from volbal_site.tests.paper_processes import PaperProcess
from volbal_site.tests.redis_server import redis_url
from volbal_site.tests.web_processes import working_on

# The broker's prices go by what it was told last, and the site asks it often.
TIMING = {"BROKER_TIMEOUT_S": "2", "BROKER_ASK_S": "0.1", "BROKER_PAUSE_S": "1"}


@dataclass(frozen=True)
class OwnWorld:
    """What is around a site: its database, a key, its broker, where alerts arrive, and its environment."""

    scratch: Scratch
    key: str
    broker: PaperProcess
    hooks: Server
    environment: dict[str, str]

    def told_of(self, kind: str) -> list[Any]:
        """Return the alerts of a kind that have arrived."""
        letters = [json.loads(call.body) for call in self.hooks.arrived]
        return [letter for letter in letters if letter["kind"] == kind]

    def statuses(self) -> list[str]:
        """Return the statuses of all orders."""
        return [status for (status,) in self.scratch.rows("SELECT status FROM orders_order")]


@contextmanager
def own_world(folder: Path, template: Scratch, redis: str | None = None) -> Iterator[OwnWorld]:
    """Set everything up but the site: on SQLite without Redis unless one is given, on PostgreSQL with one."""
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_database(folder, template))
        hooks = stack.enter_context(webhook_receiver())
        if redis is None:
            redis = "" if settings.IS_SQLITE else stack.enter_context(redis_url())
        with working_on(scratch):
            tenant = make_tenant("own")
            key = make_key(tenant)
            webhook_to(hooks, tenant_id=tenant.pk)
        broker = PaperProcess(("--mode", "perfect"), folder / "broker.sqlite3").start()
        stack.callback(broker.kill)
        yield OwnWorld(
            scratch,
            key,
            broker,
            hooks,
            {
                "PAPER_HTTP_URL": broker.url,
                "REDIS_URL": redis,
                "ALERT_WEBHOOK_ALLOW_PRIVATE": "true",
                **TIMING,
            },
        )


def asked(port: int, key: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Call a site's API; return status and body. Raises OSError if it doesn't answer."""
    request = Request(
        f"http://127.0.0.1:{port}/v1{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers},
        method=method,
    )
    try:
        with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except HTTPError as refusal:
        return refusal.code, json.load(refusal)
