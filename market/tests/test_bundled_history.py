from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal

import pytest

from market.bundled_history import bundled_history, bundled_paths, bundled_tickers
from market.values import DividendFact, History, SplitFact

# of the files as handed over, line ends aside
SHA256 = {
    "IBM.csv": "a5d8edb3da5d7a3d663bbbbd9d95bbcd2812d7aa0703857bc322025fb0a53a61",
    "IBM-dividends.csv": "9b5ac44478731bd65d9e02c17a27366f649dcb2d4ae633200ef5c67279fc56a9",
    "IBM-splits.csv": "5df55e88b77275d65ab1e3a6c52752357e38d4fd97f50a3a03b382f18e0fa6ea",
    "MSFT.csv": "89c87c0f8c416f1937626e472c9ef01e0296e4234a6c398723893f9536146ab7",
    "MSFT-dividends.csv": "0fc342efe6758988cfc21be159570438f616a8a40da802b42386e81aa59fd0ac",
    "MSFT-splits.csv": "8de5b56c4e55442f61500b2194c5470ae3a0e314a15573660d1a84dfa8780fd6",
}


def history_of(ticker: str) -> History:
    history = bundled_history(ticker)
    assert history is not None
    return history


def test_ibm_and_msft_are_bundled() -> None:
    assert bundled_tickers() == ("IBM", "MSFT")


def test_the_files_are_the_ones_handed_over() -> None:
    for ticker in bundled_tickers():
        paths = bundled_paths(ticker)
        assert paths is not None
        for path in (paths.bars, paths.dividends, paths.splits):
            content = path.read_bytes().replace(b"\r\n", b"\n")
            assert hashlib.sha256(content).hexdigest() == SHA256[path.name]


@pytest.mark.parametrize("ticker", ["IBM", "MSFT"])
def test_each_has_thirteen_years_of_consistent_bars(ticker: str) -> None:
    bars = history_of(ticker).bars
    assert len(bars) == 3270
    assert (bars[0].date, bars[-1].date) == (date(2000, 3, 1), date(2013, 3, 1))
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)


def test_the_numbers_are_those_of_the_files() -> None:
    first, last = history_of("IBM").bars[0], history_of("IBM").bars[-1]
    assert (first.open, first.high, first.low, first.close, first.volume) == (
        Decimal("102.0"),
        Decimal("105.5"),
        Decimal("100.06"),
        Decimal("100.25"),
        10807800,
    )
    assert (last.close, last.volume) == (Decimal("202.91"), 3308300)


def test_dividends_and_splits_are_bundled_too() -> None:
    assert len(history_of("IBM").dividends) == 52
    assert history_of("IBM").splits == ()
    assert len(history_of("MSFT").dividends) == 37
    assert history_of("MSFT").splits == (SplitFact(date=date(2003, 2, 18), new_shares=2, old_shares=1),)
    special = DividendFact(ex_date=date(2004, 11, 15), pay_date=date(2004, 12, 2), dps=Decimal("3.08"))
    assert special in history_of("MSFT").dividends


def test_other_tickers_are_not_bundled() -> None:
    assert bundled_history("AAPL") is None
    assert bundled_paths("../IBM") is None


def test_a_history_is_read_once() -> None:
    assert bundled_history("IBM") is bundled_history("IBM")
