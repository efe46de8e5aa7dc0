"""What every engine is measured on and how, without anything of ours or theirs: prices, grids, the clock.

W1: IBM's closes as traded. W2: a million bars. W3: a thousand settings on W1. W4: a hundred on W2.
"""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np

IBM = Path(__file__).resolve().parent.parent / "market" / "bundled" / "IBM.csv"
ENOUGH_SECONDS = 0.5
DEFAULT = (3.0, 3.0, 1.6667, 25.0, 75.0)
RAILS = ((25.0, 75.0), (10.0, 90.0))


def closes(work: str) -> np.ndarray:
    """Return the prices of W1 to W4."""
    if work in ("W1", "W3"):
        with IBM.open(newline="") as file:
            return np.array([float(row["close"]) for row in csv.DictReader(file)])
    steps = np.random.default_rng(0).normal(0, 0.0005, 1_000_000)
    return np.round(100 * np.exp(np.cumsum(steps)), 4)


def settings(work: str) -> list[tuple[float, float, float, float, float]]:
    """Return (up %, down %, ratio, lowest %, highest %) of each setting."""
    if work == "W3":
        thresholds, ratios = range(1, 11), (0.5, 1.0, 1.6667, 2.5, 4.0)
    elif work == "W4":
        thresholds, ratios = (0.5, 1.0, 2.0, 3.0, 5.0), (1.0, 1.6667)
    else:
        return [DEFAULT]
    return [(u, d, r, *rails) for u, d, r, rails in product(thresholds, thresholds, ratios, RAILS)]


def measured(run: Callable[[], int]) -> tuple[int, float]:
    """Run it as often as fits into half a second; return its trades and the median of processor seconds."""
    times: list[float] = []
    while not times or sum(times) < ENOUGH_SECONDS:
        began = time.process_time()
        trades = run()
        times.append(time.process_time() - began)
    return trades, statistics.median(times)
