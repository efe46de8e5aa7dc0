"""What Yahoo's answers say: quotes, bars as traded, dividends and splits. Only dollars, or refused."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from market.errors import BadData, NoData
from market.providers.yahoo_numbers import day_of, decimal_of, moment_of, price_of, ratio_of
from market.values import DayBar, DividendFact, SplitFact
from volbal.numbers import EXACT, MAX_DIGITS, MAX_PRICE, to_six
from volbal.values import MarketQuote

log = logging.getLogger(__name__)

SOURCE = "yfinance"
CURRENCY = "USD"
GUESSED_PAY_DAYS = timedelta(days=30)
LONGEST_PAY_DAYS = timedelta(days=120)
# Yahoo tells a spin-off as a split like 1281:1000. A holder's shares don't change, so it is none.
LARGEST_SPLIT_TERM = 110
MOST_SHARES = 10**MAX_DIGITS
PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescaling:
    """From `date` on Yahoo's own prices are as they are; those before are divided by `ratio`."""

    date: date
    ratio: Fraction


def quotes_of(answer: Any, wanted: Iterable[str]) -> dict[str, MarketQuote]:
    """Return the quotes of a batch by ticker; one that can't be used is logged and left out.

    Raises BadData for an answer that is no batch of quotes.
    """
    rows = _found(answer, "quoteResponse", "result")
    if not isinstance(rows, list):
        raise BadData("This is not a batch of quotes.")
    asked, quotes = set(wanted), {}
    for row in rows:
        ticker = row.get("symbol") if isinstance(row, dict) else None
        if isinstance(ticker, str) and ticker in asked:
            try:
                quotes[ticker] = _quote(ticker, row)
            except BadData as error:
                log.warning("quote_refused", extra={"ticker": ticker, "detail": error.detail})
    return quotes


def pay_date_of(answer: Any, ticker: str) -> date | None:
    """Return the pay date of the ticker's newest dividend, if the batch of quotes tells it."""
    rows = _found(answer, "quoteResponse", "result")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("symbol") == ticker:
            return day_of(row.get("dividendDate"))
    return None


def chart_of(answer: Any, ticker: str) -> dict[str, Any]:
    """Return the one chart of an answer. Raises NoData without one, BadData if it is not in dollars."""
    chart = _found(answer, "chart", "result", 0)
    if not isinstance(chart, dict):
        raise NoData(f"Yahoo has nothing about {ticker}.", ticker=ticker)
    _require_dollars(ticker, _found(chart, "meta", "currency"))
    return chart


def chart_quote(chart: dict[str, Any], ticker: str) -> MarketQuote:
    """Return the last price that a chart bears. Raises BadData."""
    return _quote(ticker, chart.get("meta"))


def bars_of(chart: dict[str, Any]) -> tuple[DayBar, ...]:
    """Return the daily bars as traded, oldest first, without those that lack a price.

    Of two bars of one day the first counts: the second is the last trade, told once more.
    """
    rescalings = rescalings_of(chart)
    bars: dict[date, DayBar] = {}
    for day, row in _bar_rows(chart):
        bar = None if day in bars else _bar(day, row, _factor(rescalings, day))
        if bar is not None:
            bars[day] = bar
    return tuple(bars[day] for day in sorted(bars))


def dividends_of(chart: dict[str, Any], ticker: str, pay_date: date | None) -> tuple[DividendFact, ...]:
    """Return the dividends as paid, by ex-date; `pay_date` is the newest one's, if it fits.

    Yahoo divides amounts by the splits that came later, and doesn't tell when the older ones were paid.
    """
    rescalings = rescalings_of(chart)
    found: dict[date, DividendFact] = {}
    for event in _events(chart, "dividends"):
        fact = _dividend(event, rescalings, ticker)
        if fact is not None:
            found[fact.ex_date] = fact
    facts = [found[day] for day in sorted(found)]
    if facts and pay_date is not None and pay_date - LONGEST_PAY_DAYS <= facts[-1].ex_date <= pay_date:
        facts[-1] = DividendFact(ex_date=facts[-1].ex_date, pay_date=pay_date, dps=facts[-1].dps)
    return tuple(facts)


def splits_of(chart: dict[str, Any], ticker: str) -> tuple[SplitFact, ...]:
    """Return the splits by date. What only looks like one (a spin-off) is logged and left out."""
    facts = []
    for rescaling in rescalings_of(chart):
        new, old = rescaling.ratio.as_integer_ratio()
        if new == old:
            continue
        if min(new, old) > 1 and max(new, old) > LARGEST_SPLIT_TERM:
            log.warning(
                "split_refused", extra={"ticker": ticker, "date": rescaling.date, "ratio": f"{new}:{old}"}
            )
            continue
        facts.append(SplitFact(date=rescaling.date, new_shares=new, old_shares=old))
    return tuple(facts)


def rescalings_of(chart: dict[str, Any]) -> list[Rescaling]:
    """Return what Yahoo's prices are divided by, and up to when, by date."""
    found = {}
    for event in _events(chart, "splits"):
        day, ratio = day_of(event.get("date")), ratio_of(event.get("numerator"), event.get("denominator"))
        if day is not None and ratio is not None:
            found[day] = Rescaling(date=day, ratio=ratio)
    return [found[day] for day in sorted(found)]


def _found(answer: Any, *path: str | int) -> Any:
    """Walk into an answer; None where it has no such place."""
    try:
        for step in path:
            answer = answer[step]
    except (KeyError, IndexError, TypeError):
        return None
    return answer


def _require_dollars(ticker: str, currency: object) -> None:
    if currency != CURRENCY:
        shown = currency if isinstance(currency, str) else "no currency"
        raise BadData(f"{ticker} is quoted in {shown[:10]}; only {CURRENCY} is kept.", ticker=ticker)


def _quote(ticker: str, row: Any) -> MarketQuote:
    _require_dollars(ticker, _found(row, "currency"))
    price = price_of(_found(row, "regularMarketPrice"))
    as_of = moment_of(_found(row, "regularMarketTime"))
    if price is None or as_of is None:
        raise BadData(f"{ticker}: the quote has no price or no time.", ticker=ticker)
    return MarketQuote(price=price, as_of=as_of, source=SOURCE, is_real=True)


def _bar_rows(chart: dict[str, Any]) -> Iterator[tuple[date, dict[str, Any]]]:
    times = chart.get("timestamp") or []
    columns = _found(chart, "indicators", "quote", 0)
    if not isinstance(times, list) or not isinstance(columns, dict):
        raise BadData("This chart has no bars where they belong.")
    for index, time in enumerate(times):
        day = day_of(time)
        if day is not None:
            yield day, {name: _found(columns, name, index) for name in (*PRICES, "volume")}


def _bar(day: date, row: dict[str, Any], factor: Fraction) -> DayBar | None:
    prices = {name: price for name in PRICES if (price := _rescaled(row[name], factor)) is not None}
    if len(prices) < len(PRICES) or prices["high"] < prices["low"]:
        return None
    volume = int(Fraction(decimal_of(row["volume"]) or 0) / factor)
    return DayBar(date=day, volume=volume, **prices) if 0 <= volume < MOST_SHARES else None


def _dividend(event: dict[str, Any], rescalings: list[Rescaling], ticker: str) -> DividendFact | None:
    day = day_of(event.get("date"))
    dps = None if day is None else _rescaled(event.get("amount"), _factor(rescalings, day))
    if day is None or dps is None or event.get("currency", CURRENCY) != CURRENCY:
        log.warning("dividend_refused", extra={"ticker": ticker, "detail": str(event)[:200]})
        return None
    return DividendFact(ex_date=day, pay_date=day + GUESSED_PAY_DAYS, dps=dps, pay_date_is_guess=True)


def _factor(rescalings: list[Rescaling], day: date) -> Fraction:
    """Return what an amount of `day` was divided by: the ratios of all splits after that day."""
    factor = Fraction(1)
    for rescaling in rescalings:
        if rescaling.date > day:
            factor *= rescaling.ratio
    return factor


def _rescaled(raw: object, factor: Fraction) -> Decimal | None:
    """Return an amount as it was in its day, to 6 places; None for what can't be a price."""
    value = decimal_of(raw)
    if value is None or not 0 < value <= MAX_PRICE:
        return None
    exactly = Fraction(value) * factor
    amount = to_six(EXACT.divide(Decimal(exactly.numerator), Decimal(exactly.denominator)))
    return amount if 0 < amount <= MAX_PRICE else None


def _events(chart: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    events = _found(chart, "events", kind)
    values = events.values() if isinstance(events, dict) else ()
    return [event for event in values if isinstance(event, dict)]
