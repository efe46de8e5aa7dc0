"""Announcing dividends as a program would, on the day that it is in New York."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from volbal.trading_day import trading_date

TODAY = trading_date(timezone.now())
DAY = timedelta(days=1)


def opened(api, **values):
    cell = {"ticker": "IBM", "qty": "100", "cash": "10000", "anchor_price": "150", **values}
    return api.post("/positions", cell).json()


def terms(**values):
    return {
        "ticker": "IBM",
        "ex_date": TODAY.isoformat(),
        "pay_date": TODAY.isoformat(),
        "dps": "0.82",
        **values,
    }


def announced(api, **values):
    answer = api.post("/dividends/announce", terms(**values))
    assert answer.status_code == 201, answer.content
    return answer.json()


def code_of(answer):
    return answer.json()["type"].rsplit("/", 1)[1]
