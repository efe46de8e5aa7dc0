"""What cells were worth day by day, kept so that nobody has to follow their histories again.

All of it is made of the books and can be thrown away: `simulation/value_keeping.py` makes it anew.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Tenant
from positions.models import Position


class CellValues(models.Model):
    """How one cell did up to what is covered: `event_seq`, `journal_seq`, and the stored bars counted so far.

    `now` are its figures then; null if nothing is kept. `closed` is where it stood at the end of an earlier
    day, which all rows up to the `closed_` numbers are of, and none after them: what came since is followed
    from there. `evaluated` are the last evaluations since. `bars` is counted up by the database when a bar
    of the ticker comes or changes, from the cell's first day on.
    """

    position = models.OneToOneField(
        Position, on_delete=models.CASCADE, primary_key=True, related_name="values"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    ticker = models.CharField(max_length=12)
    first_day = models.DateField()
    chain = models.CharField(max_length=60)
    journal_chain = models.CharField(max_length=60)
    event_seq = models.PositiveIntegerField(default=0)
    journal_seq = models.PositiveIntegerField(default=0)
    bars = models.PositiveIntegerField(default=0)
    bars_seen = models.PositiveIntegerField(default=0)
    closed_event_seq = models.PositiveIntegerField(default=0)
    closed_journal_seq = models.PositiveIntegerField(default=0)
    now = models.JSONField(null=True)
    closed = models.JSONField(null=True)
    evaluated = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "values of cells"
        indexes = [models.Index(fields=["ticker", "first_day"], name="values_by_ticker")]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_event_seq__lte=models.F("event_seq"))
                & Q(closed_journal_seq__lte=models.F("journal_seq")),
                name="values_close_before_they_end",
            ),
            models.CheckConstraint(
                condition=Q(bars_seen__lte=models.F("bars")), name="values_have_seen_bars_that_came"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} until event {self.event_seq}"


class _Changes(models.Model):
    """By how much values differ from the day before, in millionths of a dollar, which add up exactly.

    What nobody knows counts as 0, and in the columns of what is `unknown`.
    """

    date = models.DateField()
    value = models.BigIntegerField()
    hold_value = models.BigIntegerField()
    unknown = models.IntegerField()
    hold_unknown = models.IntegerField()

    class Meta:
        abstract = True


class CellDay(_Changes):
    """One cell at the end of a New York date on which something was recorded or decided.

    `told` are its figures then, and what was counted since the opening.
    """

    position = models.ForeignKey(Position, on_delete=models.CASCADE, related_name="days", db_index=False)
    is_step = models.BooleanField()
    told = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["position", "date"], name="cell_day_once")]

    def __str__(self) -> str:
        return f"{self.position_id} on {self.date}"


class TenantDay(_Changes):
    """The sums of what is kept of all cells of a tenant on a date; `steps` counts those with a step on it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False)
    steps = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "date"], name="tenant_day_once"),
            models.CheckConstraint(condition=Q(steps__gte=0), name="tenant_day_counts_steps"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant_id} on {self.date}"


class TenantValues(models.Model):
    """Counted up whenever anything that is kept of a tenant's cells changes: who reads it twice knows."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True)
    version = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.tenant_id}: {self.version}"
