"""`make bench`: the simulation beside vectorbt and backtesting.py, as ratios of processor time.

`bench/simulation.py [W1 W2 ...]`. The rivals live in var/bench (requirements-bench.txt), installed at the
first run. Each engine runs in a process of its own, in turn, ROUNDS times; the median counts. There it runs
once unmeasured, then as often as fits into half a second, of which the median counts again. backtesting.py
takes part in W1 and W2 alone: it would take minutes and hours for the others.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RIVALS = ROOT / "var" / "bench"
ROUNDS = 3
WORKS = {
    "W1": ("exact", "compiled", "screened", "vectorbt", "backtesting"),
    "W2": ("exact", "compiled", "screened", "vectorbt", "backtesting"),
    "W3": ("exact", "compiled", "screened", "vectorbt"),
    "W4": ("exact", "compiled", "screened", "vectorbt"),
}
TRADES = {"W1": 509}


def main(works: list[str]) -> None:
    """Measure each work on each engine and print medians and ratios."""
    _install_rivals()
    for work in works:
        times: dict[str, list[float]] = {engine: [] for engine in WORKS[work]}
        trades: dict[str, int] = {}
        for _ in range(ROUNDS):
            for engine in WORKS[work]:
                trades[engine], seconds = _measure(engine, work)
                times[engine].append(seconds)
        _print(work, {engine: statistics.median(found) for engine, found in times.items()}, trades)


def _measure(engine: str, work: str) -> tuple[int, float]:
    ours = engine in ENGINES
    python = sys.executable if ours else str(RIVALS / "bin" / "python")
    script = Path(__file__) if ours else ROOT / "bench" / "rivals.py"
    said = subprocess.run(
        [python, str(script), engine, work], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    return int(said[-2]), float(said[-1])


def run_ours(engine: str, work: str) -> tuple[int, float]:
    """Run one of our engines in this process; return its trades and processor seconds, compiling left out."""
    sys.path[:0] = [str(ROOT), str(ROOT / "bench")]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "volbal_site.settings")
    from workloads import closes, measured, settings

    from market.values import DayBar, History
    from simulation.setup import settings_from, starting_state

    prices = [Decimal(repr(float(price))) for price in closes(work)]
    bars = tuple(
        DayBar(date=date.min + timedelta(days=day), open=p, high=p, low=p, close=p, volume=0)
        for day, p in enumerate(prices)
    )
    history = History(ticker="BENCH", bars=bars, dividends=(), splits=())
    start = starting_state("BENCH", bars[0], qty=None, cash=None)
    grid = [
        settings_from(
            [
                f"up_threshold_pct={up}",
                f"down_threshold_pct={down}",
                f"rebalance_ratio={ratio}",
                f"min_stock_pct={low}",
                f"max_stock_pct={high}",
            ]
        )
        for up, down, ratio, low, high in settings(work)
    ]
    trades_of = ENGINES[engine](history, start)
    trades_of(grid[0])
    return measured(lambda: sum(map(trades_of, grid)))


def with_decimals(history, start):  # type: ignore[no-untyped-def]
    """Return how many trades a setting makes, with what every run uses."""
    from simulation.engine import simulate
    from simulation.series import series_of
    from simulation.setup import FillModel

    series = series_of(history)
    return lambda one: len(simulate(history, start, one, FillModel.CLOSE, series=series).trades)


def with_numba(history, start):  # type: ignore[no-untyped-def]
    """Return how many trades a setting makes, with what workers use."""
    from simulation.compiled import CompiledSeries, simulate_compiled
    from simulation.series import series_of
    from simulation.setup import FillModel

    laid_out = CompiledSeries(series_of(history))
    return lambda one: len(simulate_compiled(laid_out, start, one, FillModel.CLOSE).trades)


def with_screening(history, start):  # type: ignore[no-untyped-def]
    """Return how many trades a setting makes, with what keeps only where each run ended."""
    from simulation.compiled_screening import CompiledScreen
    from simulation.series import series_of

    screen = CompiledScreen(series_of(history), start)
    return lambda one: screen(one).trades


ENGINES = {"exact": with_decimals, "compiled": with_numba, "screened": with_screening}


def _install_rivals() -> None:
    if (RIVALS / "bin" / "python").exists():
        return
    print("Installing vectorbt and backtesting.py into var/bench (once) ...")
    subprocess.run([sys.executable, "-m", "venv", str(RIVALS)], check=True)
    pip = [str(RIVALS / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "-r", str(ROOT / "requirements-bench.txt")], check=True)


def _print(work: str, medians: dict[str, float], trades: dict[str, int]) -> None:
    print(f"{work}")
    for engine, seconds in medians.items():
        ratio = medians["vectorbt"] / seconds
        print(
            f"  {engine:12} {seconds * 1000:12.2f} ms {trades[engine]:9,} trades  vectorbt / it {ratio:7.2f}"
        )
    if work in TRADES and trades["exact"] != TRADES[work]:
        print(f"  {TRADES[work]} trades were expected")


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in ENGINES:
        print(*run_ours(*sys.argv[1:]))
    else:
        main(sys.argv[1:] or list(WORKS))
