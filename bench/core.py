"""`make bench`: how fast it is, measured side by side, in interleaved rounds, as medians.

Absolute times swing between machines and between hours; the ratios hold. Nothing here asserts anything.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
LINES = 20_000
REPLAYED_TO = "2001-02-28"  # 252 sessions


def main() -> None:
    """Run every measure `ROUNDS` times in turn and print medians and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = {**os.environ, "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3"}
        _run(["manage.py", "migrate", "--verbosity", "0"], scratch)
        lines = Path(folder, "lines.jsonl")
        lines.write_text("".join(decide_lines()))
        measures: dict[str, Callable[[], object]] = {
            "Django's own start (manage.py version)": lambda: _run(["manage.py", "version"], scratch),
            "manage.py simulate IBM --json": lambda: _run(
                ["manage.py", "simulate", "IBM", "--json"], scratch
            ),
            f"python -m volbal decide, {LINES:,} lines": lambda: _run(
                ["-m", "volbal", "decide"], scratch, lines
            ),
            "manage.py replay IBM, 252 sessions": lambda: _run(
                ["manage.py", "replay", "IBM", "--to", REPLAYED_TO, "--json"], scratch
            ),
            **in_process(),
        }
        medians = {name: statistics.median(times) for name, times in _interleaved(measures).items()}
    _print(medians)


def in_process() -> dict[str, Callable[[], object]]:
    """Return the measures that need no process of their own: the fold, and the floor under it."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "volbal_site.settings")
    from market.bundled_history import bundled_history
    from market.values import History
    from simulation.engine import simulate
    from simulation.setup import FillModel, Settings, starting_state

    bundled = bundled_history("IBM")
    if bundled is None:
        raise SystemExit("the bundled history is missing")
    bars = History(ticker="IBM", bars=bundled.bars, dividends=(), splits=())
    start = starting_state("IBM", bars.bars[0], qty=None, cash=None)
    closes = [bar.close for bar in bars.bars]
    return {
        "W1: fold of IBM's 3,270 bars, every bar in Decimal": lambda: simulate(
            bars, start, Settings(), FillModel.CLOSE
        ),
        "W1's floor: a scan of the same prices": lambda: sum(close > Decimal(100) for close in closes),
    }


def decide_lines() -> list[str]:
    """Return seeded JSON lines that go through every sizing, lot and treatment of the minimums."""
    source = random.Random(5)  # noqa: S311
    return [json.dumps(_line(source)) + "\n" for _ in range(LINES)]


def _line(source: random.Random) -> dict[str, dict[str, str]]:
    anchor = source.randrange(500, 50_000)
    price = anchor * source.randrange(8_000, 12_500) // 10_000
    return {
        "position": {
            "qty": str(source.randrange(0, 500)),
            "cash": str(source.randrange(0, 50_000)),
            "anchor_price": f"{anchor / 100:.2f}",
        },
        "quote": {"price": f"{price / 100:.2f}"},
        "order_policy": {
            "lot_size": source.choice(["0", "1", "10"]),
            "order_sizing_strategy": source.choice(["proportional", "fixed_percentage", "original"]),
            "rebalance_ratio": source.choice(["0.3", "1.6667"]),
            "action_below_min": source.choice(["hold", "reject", "clip"]),
        },
    }


def _run(arguments: list[str], environment: dict[str, str], stdin: Path | None = None) -> None:
    with open(stdin or os.devnull) as source:
        subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            stdin=source,
            stdout=subprocess.DEVNULL,
            check=False,
        )


def _interleaved(measures: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            began = time.perf_counter()
            measure()
            times[name].append(time.perf_counter() - began)
    return times


def _print(medians: dict[str, float]) -> None:
    django = medians["Django's own start (manage.py version)"]
    for name, seconds in medians.items():
        print(f"{name:55} {seconds:9.4f} s   {seconds / django:8.3f} x Django's start")
    beyond = medians["manage.py simulate IBM --json"] - django
    print(f"{'simulate beyond Django alone':55} {beyond:9.4f} s")


if __name__ == "__main__":
    main()
