"""`manage.py import_history TICKER FILE.csv`: bring in bars, dividends and splits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.arguments import argument
from accounts.database import require_migrated
from accounts.transactions import Stamp, unit_of_work
from dividends.imports import import_history
from market.csv_files import read_bars, read_dividends, read_splits
from market.values import History
from volbal.errors import VolbalError
from volbal.fields import read_ticker


class Command(BaseCommand):
    help = "Import daily bars of a ticker, and its dividends and splits. All of it or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ticker", type=argument(read_ticker))
        parser.add_argument("bars", type=Path, metavar="FILE.csv", help="date,open,high,low,close,volume")
        parser.add_argument("--dividends", type=Path, metavar="F", help="ex_date,pay_date,dps,currency")
        parser.add_argument("--splits", type=Path, metavar="F", help="date,new_shares,old_shares")

    def handle(self, **options: Any) -> None:
        require_migrated()
        dividends, splits = options["dividends"], options["splits"]
        try:
            history = History(
                ticker=options["ticker"],
                bars=read_bars(options["bars"]),
                dividends=read_dividends(dividends) if dividends else (),
                splits=read_splits(splits) if splits else (),
            )
            with unit_of_work():
                counts = import_history(history, stamp=Stamp(at=timezone.now(), actor="import_history"))
        except VolbalError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(
            f"{history.ticker}: {counts.bars} new bars of {len(history.bars)}, "
            f"{counts.dividends} new dividends of {len(history.dividends)}, "
            f"{counts.splits} new splits of {len(history.splits)}."
        )
