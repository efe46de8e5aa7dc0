"""Stored market data."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from accounts.models import Tenant
from accounts.prepared import Slot
from volbal.quotes import Doubt, PriceStep, QuoteGate, QuoteMemory, Sighting


def price_field(**options: Any) -> models.DecimalField[Any, Any]:
    """A column for dollars per share: 15 digits, 6 after the point."""
    return models.DecimalField(max_digits=15, decimal_places=6, **options)


class BarQuerySet(models.QuerySet["Bar"]):
    """Reads of bars."""

    def of(
        self, ticker: str | Slot, start: date | Slot | None = None, end: date | Slot | None = None
    ) -> BarQuerySet:
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


class Quote(models.Model):
    """What is remembered of one ticker at one provider: the last price accepted, and one in doubt.

    Shared by all processes, so that a second sighting is a second one whoever made the first.
    """

    provider = models.CharField(max_length=40)
    ticker = models.CharField(max_length=12)
    price = price_field(null=True)
    as_of = models.DateTimeField(null=True)
    is_real = models.BooleanField()
    fetched_at = models.DateTimeField()
    doubt_price = price_field(null=True)
    doubt_as_of = models.DateTimeField(null=True)
    doubt_gate = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "ticker"], name="quote_once_per_provider"),
            models.CheckConstraint(
                condition=Q(price__isnull=True, as_of__isnull=True) | Q(price__gt=0, as_of__isnull=False),
                name="quote_price_above_zero",
            ),
            models.CheckConstraint(
                condition=Q(doubt_price__isnull=True, doubt_as_of__isnull=True, doubt_gate="")
                | Q(
                    doubt_price__gt=0,
                    doubt_as_of__isnull=False,
                    doubt_gate__in=[QuoteGate.OUTLIER.value, QuoteGate.SPLIT.value],
                ),
                name="quote_doubt_whole_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticker} at {self.provider}"

    def memory(self) -> QuoteMemory:
        """Return the value that the rules judge with."""
        accepted = doubt = None
        if self.price is not None and self.as_of is not None:
            accepted = Sighting(price=self.price, as_of=self.as_of)
        if self.doubt_price is not None and self.doubt_as_of is not None:
            doubt = Doubt(price=self.doubt_price, as_of=self.doubt_as_of, gate=QuoteGate(self.doubt_gate))
        return QuoteMemory(accepted=accepted, doubt=doubt)

    def remember(self, memory: QuoteMemory) -> None:
        """Take over what the rules said to remember; the caller saves."""
        accepted, doubt = memory.accepted, memory.doubt
        self.price = None if accepted is None else accepted.price
        self.as_of = None if accepted is None else accepted.as_of
        self.doubt_price = None if doubt is None else doubt.price
        self.doubt_as_of = None if doubt is None else doubt.as_of
        self.doubt_gate = "" if doubt is None else doubt.gate


class KnownStep(models.Model):
    """A corporate action that explains a step of a price, as the dividends room told it.

    `owner` is nobody, or the tenant that announced it: then it explains the step to that tenant alone.
    """

    owner = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, related_name="+")
    ticker = models.CharField(max_length=12)
    date = models.DateField()
    new_shares = models.PositiveIntegerField(default=1)
    old_shares = models.PositiveIntegerField(default=1)
    dps = price_field(default=Decimal(0))

    class Meta:
        indexes = [models.Index(fields=["ticker", "date"], name="step_by_date")]
        constraints = [
            models.CheckConstraint(
                condition=Q(new_shares__gt=0, old_shares__gt=0), name="step_ratio_above_zero"
            ),
            models.CheckConstraint(condition=Q(dps__gte=0), name="step_dps_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.ticker} {self.date}"

    def value(self) -> PriceStep:
        """Return the value that the rules judge with."""
        return PriceStep(date=self.date, new_shares=self.new_shares, old_shares=self.old_shares, dps=self.dps)


class ReplayClock(models.Model):
    """The one clock of the provider `replay`, which every process reads: where the live replay is.

    `at` is "now" on its market, the close of `day`. `next_at`, by the wall clock, is when the day after may
    begin, `pace_s` seconds after this one (0: as soon as this one is done). `run` counts how often it was
    set back to `first_day`. It is finished when all is done that belongs to `last_day`.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    run = models.PositiveIntegerField(default=1)
    first_day = models.DateField()
    last_day = models.DateField()
    day = models.DateField()
    at = models.DateTimeField()
    pace_s = models.DecimalField(max_digits=9, decimal_places=3, default=Decimal(1))
    next_at = models.DateTimeField()
    is_running = models.BooleanField(default=True)
    is_finished = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="replay_clock_is_one"),
            models.CheckConstraint(
                condition=Q(day__gte=F("first_day"), day__lte=F("last_day")), name="replay_day_in_span"
            ),
            models.CheckConstraint(condition=Q(pace_s__gte=0), name="replay_pace_not_negative"),
            models.CheckConstraint(
                condition=Q(is_finished=False) | Q(is_running=False), name="replay_finished_stands_still"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} of run {self.run}"


class HostBreaker(models.Model):
    """A host that failed: how often in a row, and until when every process leaves it alone."""

    host = models.CharField(max_length=255, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.host
