"""What benchmarks of one process share: a database of their own, and a line of figures."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from with_postgresql import new_database, server_url

# Seconds by the clock, and of this process's CPU.
Taken = tuple[float, float]


def database(engine: str, name: str, stack: ExitStack) -> str:
    """Return the URL of an empty database that goes with the stack; `name` is what PostgreSQL calls it."""
    if engine == "postgresql":
        return new_database(stack.enter_context(server_url()), name)
    return f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/bench.sqlite3"


def line(name: str, taken: Sequence[Taken]) -> None:
    """Print the medians of some rounds, and the best one, in milliseconds."""
    wall, cpu = (statistics.median(column) * 1000 for column in zip(*taken, strict=True))
    best = min(first for first, _ in taken) * 1000
    print(f"  {name:<32} {wall:>9,.0f} ms  best {best:>9,.0f} ms  CPU {cpu:>9,.0f} ms", flush=True)
