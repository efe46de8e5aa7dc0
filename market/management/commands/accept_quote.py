"""`manage.py accept_quote TICKER PRICE`: a person says that a price in doubt is right."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts.arguments import argument
from accounts.database import require_migrated
from accounts.transactions import unit_of_work
from market.quotes import accept_price
from volbal.fields import read_price, read_ticker
from volbal.numbers import plain


class Command(BaseCommand):
    help = "End the doubt about a ticker's quotes: those that come next are compared with this price."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ticker", type=argument(read_ticker))
        parser.add_argument(
            "price", type=argument(partial(read_price, field="price")), help="dollars a share"
        )
        parser.add_argument(
            "--provider",
            choices=sorted(settings.MARKET_PROVIDERS),
            default=settings.MARKET_PROVIDER,
            help="whose quotes; default: MARKET_PROVIDER",
        )

    def handle(self, **options: Any) -> None:
        require_migrated()
        ticker, price, name = options["ticker"], options["price"], options["provider"]
        with unit_of_work():
            accept_price(provider_name=name, ticker=ticker, price=price, at=timezone.now())
        self.stdout.write(f"Quotes of {ticker} by {name} are now compared with {plain(price)}.")
