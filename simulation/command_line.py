"""The options that `simulate` and `replay` share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from simulation.histories import history_of
from simulation.replay import ReplayOrder
from simulation.setup import FillModel, settings_from, starting_state
from volbal.errors import VolbalError
from volbal.fields import read_ticker
from volbal.numbers import parse_decimal


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Declare ticker, dates, start, settings, fill model and output format."""
    parser.add_argument("ticker", type=_checked(read_ticker), help="IBM, MSFT, or an imported ticker")
    parser.add_argument("--from", dest="start", type=_date, metavar="DATE", help="first bar, inclusive")
    parser.add_argument("--to", dest="end", type=_date, metavar="DATE", help="last bar, inclusive")
    parser.add_argument("--qty", type=_checked(_qty), help="shares at the first close (100)")
    parser.add_argument("--cash", type=_checked(_cash), help="cash at the first close (what the shares cost)")
    parser.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="a setting, like up_threshold_pct=5; repeatable",
    )
    parser.add_argument(
        "--fill",
        type=FillModel,
        choices=list(FillModel),
        default=FillModel.CLOSE,
        help="where a trade is filled: close (default) or next_open",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def order_from(options: dict[str, Any]) -> ReplayOrder:
    """Turn parsed options into what is to be run. Raises a VolbalError that says what is wrong."""
    history = history_of(options["ticker"], start=options["start"], end=options["end"])
    start = starting_state(history.ticker, history.bars[0], qty=options["qty"], cash=options["cash"])
    return ReplayOrder(
        history=history, start=start, settings=settings_from(options["assignments"]), fill=options["fill"]
    )


def _checked(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Make a reader's refusal a usage error."""

    def convert(text: str) -> Any:
        try:
            return read(text)
        except VolbalError as error:
            raise argparse.ArgumentTypeError(error.detail) from None

    return convert


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2003-02-18") from None


def _qty(text: str) -> Decimal:
    return parse_decimal(text, places=8, field="qty")


def _cash(text: str) -> Decimal:
    return parse_decimal(text, places=6, field="cash")
