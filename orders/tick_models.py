"""The schedule's own tables: ticks with their chunks and quotes, and what it remembers of a position."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Q

from accounts.prepared import Slot
from market.models import price_field
from market.values import CheckedQuote
from positions.models import Position
from volbal.quotes import QuoteGate, Sighting
from volbal.values import MarketQuote

# Whose rules a version is of when they are everyone's.
EVERYONE = UUID(int=0)


class Tick(models.Model):
    """One evaluation of all positions that follow a market, due at `slot`; one row a slot; the
    id is the slot in milliseconds since 1970.

    `positions` is how many there were when it began; they are divided among `chunks`. `opened_at` is by the
    wall clock.
    """

    id = models.BigIntegerField(primary_key=True)
    slot = models.DateTimeField(unique=True)
    opened_at = models.DateTimeField()
    positions = models.PositiveIntegerField()
    chunks = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"tick of {self.slot:%Y-%m-%d %H:%M:%S}"


class TickChunk(models.Model):
    """One part of a tick: the positions whose ids are in the `number`-th of as many equal ranges.

    Its row is locked by the worker that is at it, and done in the transaction that evaluates it. `evaluated`
    counts positions that needed a decision, `recorded` those whose decision was told in an event.
    """

    tick = models.ForeignKey(Tick, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    done_at = models.DateTimeField(null=True)
    evaluated = models.PositiveIntegerField(default=0)
    recorded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tick", "number"], name="tick_chunk_once")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.tick}"


class TickQuote(models.Model):
    """What one tick knew of one ticker: the price every position of it was held against.

    A price is in dollars per share, `ticks` the same in millionths; `gate` is why it can't be traded on, or
    nothing. `last_price` and `last_as_of` are what it was compared with.
    """

    tick = models.ForeignKey(Tick, on_delete=models.CASCADE, related_name="quotes")
    provider = models.CharField(max_length=40)
    ticker = models.CharField(max_length=12)
    price = price_field(null=True)
    ticks = models.BigIntegerField(default=0)
    as_of = models.DateTimeField(null=True)
    source = models.CharField(max_length=40, blank=True)
    is_real = models.BooleanField(default=False)
    gate = models.CharField(max_length=20, blank=True)
    last_price = price_field(null=True)
    last_as_of = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tick", "provider", "ticker"], name="tick_quote_once"),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gt=0), name="tick_quote_price_above_zero"
            ),
        ]
        indexes = [models.Index(fields=["ticker", "tick"], name="tick_quote_by_ticker")]

    def __str__(self) -> str:
        return f"{self.ticker} at {self.tick}"

    def value(self) -> CheckedQuote:
        """Return the quote as it was checked."""
        quote = last = None
        if self.price is not None:
            quote = MarketQuote(price=self.price, as_of=self.as_of, source=self.source, is_real=self.is_real)
        if self.last_price is not None and self.last_as_of is not None:
            last = Sighting(price=self.last_price, as_of=self.last_as_of)
        return CheckedQuote(quote=quote, gate=QuoteGate(self.gate) if self.gate else None, last=last)


class Watch(models.Model):
    """What the schedule remembers of a position, so that it need not look at it again.

    `action` and `reason` are the outcome last recorded. As long as nothing changes, it is the outcome at any
    price from `first` to `last` (millionths of a dollar, both included) of a quote with the same `gate`;
    ANY_QUOTE stands for every quote. `version` is that of the rules it was found by. `buy_at` and `sell_at`,
    in ticks too, are the nearest trades on a day without orders, if it was one (`without_orders`). The
    database itself empties the range when position or settings change (`orders/watch_guards.py`).
    """

    ANY_QUOTE = "*"

    position = models.OneToOneField(
        Position, on_delete=models.CASCADE, primary_key=True, related_name="watch"
    )
    first = models.BigIntegerField(default=1)
    last = models.BigIntegerField(default=0)
    gate = models.CharField(max_length=20, blank=True)
    version = models.BigIntegerField(default=0)
    action = models.CharField(max_length=10)
    reason = models.CharField(max_length=40)
    buy_at = models.BigIntegerField(null=True)
    sell_at = models.BigIntegerField(null=True)
    without_orders = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "watches"
        constraints = [
            models.CheckConstraint(condition=Q(first__gte=0) & Q(last__gte=0), name="watch_range_of_prices"),
            models.CheckConstraint(condition=Q(version__gte=0) & ~Q(action=""), name="watch_has_an_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.position_id}: {self.action} {self.reason}"


class RulesVersion(models.Model):
    """How often the rules of a tenant, or of everyone, have changed. Counted by the database itself."""

    owner = models.UUIDField(primary_key=True, default=EVERYONE)
    version = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.owner}: {self.version}"


def good_prices() -> models.QuerySet[TickQuote]:
    """Return the prices that ticks saw and that nothing stood against, for a prepared statement.

    Its slots are `provider` and `ticker`.
    """
    return TickQuote.objects.filter(
        ticker=Slot("ticker", models.CharField()),
        provider=Slot("provider", models.CharField()),
        gate="",
        price__isnull=False,
    )


def unfinished(since: datetime | Slot) -> models.QuerySet[TickChunk]:
    """Return the parts of the newest tick that nobody has done yet; none if its slot is not after `since`."""
    newest = Tick.objects.order_by("-slot").values("slot")[:1]
    return TickChunk.objects.filter(done_at=None, tick__slot__gt=since, tick__slot=models.Subquery(newest))


def slot_of_newest() -> datetime | None:
    """Return the slot of the newest tick; None if there never was one."""
    return Tick.objects.order_by("-slot").values_list("slot", flat=True).first()
