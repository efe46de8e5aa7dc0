"""The options that `simulate` and `replay` share."""

from __future__ import annotations

import argparse
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandParser

from accounts.arguments import argument
from simulation.histories import history_of
from simulation.replay import ReplayOrder
from simulation.setup import FillModel, settings_from, starting_state
from volbal.errors import VolbalError
from volbal.fields import read_day, read_ticker
from volbal.numbers import parse_decimal


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Declare ticker, dates, start, settings, fill model and output format."""
    parser.add_argument("ticker", type=argument(read_ticker), help="IBM, MSFT, or an imported ticker")
    parser.add_argument(
        "--from", dest="start", type=argument(_date), metavar="DATE", help="first bar, inclusive"
    )
    parser.add_argument("--to", dest="end", type=argument(_date), metavar="DATE", help="last bar, inclusive")
    parser.add_argument("--qty", type=argument(_qty), help="shares at the first close (100)")
    parser.add_argument("--cash", type=argument(_cash), help="cash at the first close (what the shares cost)")
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


def order_or_usage(parser: CommandParser, options: dict[str, Any]) -> ReplayOrder:
    """Turn parsed options into what is to be run, or end with a usage message and exit status 2."""
    try:
        history = history_of(options["ticker"], start=options["start"], end=options["end"])
        first = history.bars[0]
        start = starting_state(history.ticker, first, qty=options["qty"], cash=options["cash"])
        settings = settings_from(options["assignments"])
    except VolbalError as error:
        parser.error(error.detail)
    return ReplayOrder(history=history, start=start, settings=settings, fill=options["fill"])


def _date(text: str) -> date:
    return read_day(text, field="date")


def _qty(text: str) -> Decimal:
    return parse_decimal(text, places=8, field="qty")


def _cash(text: str) -> Decimal:
    return parse_decimal(text, places=6, field="cash")
