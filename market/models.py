"""Stored market data."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q


class BarQuerySet(models.QuerySet["Bar"]):
    """Reads of bars."""

    def of(self, ticker: str, start: date | None = None, end: date | None = None) -> BarQuerySet:
        """Return the bars of `ticker` from `start` to `end`, both inclusive, oldest first."""
        bars = self.filter(ticker=ticker)
        if start is not None:
            bars = bars.filter(date__gte=start)
        if end is not None:
            bars = bars.filter(date__lte=end)
        return bars.order_by("date")


class Bar(models.Model):
    """One row is one imported daily bar as traded: dollars per share, volume in shares."""

    ticker = models.CharField(max_length=12)
    date = models.DateField()
    open = models.DecimalField(max_digits=15, decimal_places=6)
    high = models.DecimalField(max_digits=15, decimal_places=6)
    low = models.DecimalField(max_digits=15, decimal_places=6)
    close = models.DecimalField(max_digits=15, decimal_places=6)
    volume = models.BigIntegerField()

    objects = BarQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticker", "date"], name="bar_once_a_day"),
            models.CheckConstraint(
                condition=Q(open__gt=0, high__gt=0, low__gt=0, close__gt=0), name="bar_prices_above_zero"
            ),
            models.CheckConstraint(condition=Q(high__gte=F("low")), name="bar_high_not_below_low"),
            models.CheckConstraint(condition=Q(volume__gte=0), name="bar_volume_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.ticker} {self.date}"
