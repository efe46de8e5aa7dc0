"""`make bench`, from a price to a filled order: through the API, a worker and a broker over HTTP.

A price that trades is given to `POST .../evaluate`; the clock runs until `GET /v1/orders/{id}` says `filled`.
Everything is under one real `manage.py up`: on SQLite with files for messages, and on PostgreSQL with Redis.
The `paper` broker, which needs no worker, stands beside it. Nothing here asserts anything.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "tools"), str(HERE)]

from api import free_port, redis_server  # noqa: E402
from with_postgresql import new_database, server_url  # noqa: E402

ENGINES = ("embedded", "redis")
ORDERS = 60
STARTS_WITHIN_S = 60
LOOK_EVERY_S = 0.005
CELL = {"ticker": "IBM", "qty": "100", "cash": "10000", "anchor_price": "100"}


def main() -> None:
    """Run both, print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--engine", choices=ENGINES)
    options = parser.parse_args()
    print("From a price to a filled order, ms:      p50    p95    most")
    for engine in [options.engine] if options.engine else ENGINES:
        with ExitStack() as stack:
            call = stack.enter_context(_site(engine))
            for broker in ("paper", "paper_http"):
                taken = sorted(_filled_after(call, broker) for _ in range(options.orders))
                p95 = taken[int(len(taken) * 0.95)]
                print(
                    f"  {engine + ', ' + broker:<34} {statistics.median(taken) * 1000:>8,.0f} "
                    f"{p95 * 1000:>6,.0f} {taken[-1] * 1000:>7,.0f}",
                    flush=True,
                )


def _filled_after(call: Any, broker: str) -> float:
    cell = call("POST", "/positions", {**CELL, "broker": broker})
    began = time.perf_counter()
    found = call("POST", f"/positions/{cell['id']}/evaluate?price=104")
    path, status = f"/orders/{found['order']['id']}", found["order"]["status"]
    while status != "filled":
        time.sleep(LOOK_EVERY_S)
        status = call("GET", path)["status"]
    return time.perf_counter() - began


@contextmanager
def _site(engine: str) -> Iterator[Any]:
    """Run everything; yield what calls the API."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {
            **os.environ,
            "SECRET_KEY": secrets.token_urlsafe(50),
            **_stores(engine, folder, stack),
        }
        broker = stack.enter_context(
            _process(["-m", "orders.brokers.paper_server", "--port", "0"], environment)
        )
        environment["PAPER_HTTP_URL"] = re.search(r"http://[\d.:]+", broker.stdout.readline())[0]
        _manage(["migrate", "--verbosity", "0"], environment)
        key = _manage(["create_api_key", "--tenant", "bench", "--scopes", "read,trade"], environment)
        port = free_port()
        stack.enter_context(_process(["manage.py", "up", "--bind", f"127.0.0.1:{port}"], environment))
        _wait_until_ready(port)
        yield lambda method, path, body=None: _call(port, key, method, path, body)


def _stores(engine: str, folder: Path, stack: ExitStack) -> dict[str, str]:
    if engine == "embedded":
        return {"DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3", "REDIS_URL": ""}
    postgresql = stack.enter_context(server_url(durable=True))
    return {
        "DATABASE_URL": new_database(postgresql, "bench_fills"),
        "REDIS_URL": stack.enter_context(redis_server()),
    }


@contextmanager
def _process(arguments: list[str], environment: dict[str, str]) -> Iterator[Any]:
    started = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield started
    finally:
        started.terminate()
        started.communicate()


def _manage(arguments: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def _wait_until_ready(port: int) -> None:
    ends = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/v1/readyz", timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise TimeoutError("the site is not ready")


def _call(port: int, key: str, method: str, path: str, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    text = None if body is None else json.dumps(body).encode()
    request = Request(f"http://127.0.0.1:{port}/v1{path}", text, headers, method=method)
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


if __name__ == "__main__":
    main()
