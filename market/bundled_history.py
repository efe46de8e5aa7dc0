"""The history that comes with the program: IBM and MSFT, 2000-03-01 to 2013-03-01."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from market.csv_files import read_bars, read_dividends, read_splits
from market.values import History

_TICKERS = ("IBM", "MSFT")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPaths:
    """Where the three files of one ticker lie."""

    bars: Path
    dividends: Path
    splits: Path


def bundled_tickers() -> tuple[str, ...]:
    """Return the tickers whose history is bundled."""
    return _TICKERS


def bundled_paths(ticker: str) -> HistoryPaths | None:
    """Return the files of a bundled ticker; None for any other."""
    if ticker not in _TICKERS:
        return None
    folder = Path(str(files("market.bundled")))
    return HistoryPaths(
        bars=folder / f"{ticker}.csv",
        dividends=folder / f"{ticker}-dividends.csv",
        splits=folder / f"{ticker}-splits.csv",
    )


def bundled_history(ticker: str) -> History | None:
    """Return the history of a bundled ticker, read once per process; None for any other."""
    return _read_history(ticker) if ticker in _TICKERS else None


@cache
def _read_history(ticker: str) -> History | None:
    paths = bundled_paths(ticker)
    if paths is None:
        return None
    return History(
        ticker=ticker,
        bars=read_bars(paths.bars),
        dividends=read_dividends(paths.dividends),
        splits=read_splits(paths.splits),
    )
