"""Replays, simulations and optimizations, under way or done."""

from __future__ import annotations

import uuid

from django.db import models

from accounts.models import Tenant
from positions.models import Position
from simulation.value_models import CellDay, CellValues, TenantDay, TenantValues

__all__ = [
    "OPEN_STATUSES",
    "CellDay",
    "CellValues",
    "DrivenCell",
    "Job",
    "JobStatus",
    "Optimization",
    "OptimizationChunk",
    "ReplayRun",
    "Simulation",
    "StoredHistory",
    "TenantDay",
    "TenantValues",
    "Trial",
]


class ReplayRun(models.Model):
    """One replay of history through the live path; `last_date` is the last bar that is in the books.

    It is saved with each bar, so that a killed replay goes on with the next one; with the last bar of its
    options in the books it is complete.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    position = models.OneToOneField(Position, on_delete=models.PROTECT, related_name="replay")
    options = models.JSONField()
    last_date = models.DateField(null=True)
    next_open_wanted = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.position} until {self.last_date}"


class DrivenCell(models.Model):
    """One cell that the live replay drives, and the last day that is in its books.

    `done_date` is saved with what the day did to the cell, so that each day happens to it once. `run` is the
    clock's run that the cell belongs to: when the clock is set back, it is driven no more. `failures` counts
    how often in a row its day could not be played; too many set a paused cell aside.
    """

    position = models.OneToOneField(
        Position, on_delete=models.PROTECT, primary_key=True, related_name="driven"
    )
    run = models.PositiveIntegerField()
    done_date = models.DateField()
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["run", "done_date"], name="driven_by_day")]

    def __str__(self) -> str:
        return f"{self.position} until {self.done_date}"


class StoredHistory(models.Model):
    """One history that a tenant brought along or had fetched, as CSV files: what a run over it can't lose."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="histories")
    ticker = models.CharField(max_length=12)
    source = models.CharField(max_length=40)
    bars = models.TextField()
    dividends = models.TextField()
    splits = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.ticker} ({self.source})"


class JobStatus(models.TextChoices):
    """How far something that workers do has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATUSES = (JobStatus.QUEUED, JobStatus.RUNNING)


class Job(models.Model):
    """What a simulation and an optimization have in common: whose, over what, from what, how far.

    `settings` are all of them, by group, as plain JSON. `done` of `total` is bars, or settings tried.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    ticker = models.CharField(max_length=12)
    history = models.ForeignKey(StoredHistory, on_delete=models.PROTECT, null=True)
    first_date = models.DateField()
    last_date = models.DateField()
    qty = models.DecimalField(max_digits=15, decimal_places=8)
    cash = models.DecimalField(max_digits=15, decimal_places=6)
    fill = models.CharField(max_length=10)
    settings = models.JSONField()
    status = models.CharField(max_length=10, choices=JobStatus.choices, default=JobStatus.QUEUED)
    error = models.TextField(blank=True, default="")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField()
    actor = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["tenant", "-created_at"]), models.Index(fields=["status"])]

    def __str__(self) -> str:
        return f"{self.ticker} {self.first_date} to {self.last_date}: {self.status}"

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.status in OPEN_STATUSES


class Simulation(Job):
    """One saved run. It is claimed by a worker until `claimed_until`; whoever holds `claim` saves it."""

    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    final = models.JSONField(null=True)
    metrics = models.JSONField(null=True)


class SimulationTrade(models.Model):
    """One fill of a saved run: shares, dollars per share, dollars of commission."""

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="trades")
    number = models.PositiveIntegerField()
    date = models.DateField()
    side = models.CharField(max_length=4)
    qty = models.DecimalField(max_digits=15, decimal_places=8)
    price = models.DecimalField(max_digits=15, decimal_places=6)
    commission = models.DecimalField(max_digits=15, decimal_places=6)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["simulation", "number"], name="one_trade_of_a_number_a_run")
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.side} {self.qty}"


class SimulationPoint(models.Model):
    """Values in dollars at one close of a saved run; of a long one at every so many."""

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="points")
    date = models.DateField()
    close = models.DecimalField(max_digits=15, decimal_places=6)
    value = models.DecimalField(max_digits=20, decimal_places=6)
    hold_value = models.DecimalField(max_digits=20, decimal_places=6)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["simulation", "date"], name="one_point_a_day_a_run")]

    def __str__(self) -> str:
        return f"{self.date}: {self.value}"


class Optimization(Job):
    """A grid of settings over one history. `grid` is a list of values by field; `settings` are the others.

    `train_pct` of the bars choose, the rest judge; `folds` parts for walking forward. `verdict` is said when
    all are done.
    """

    grid = models.JSONField()
    rank_by = models.CharField(max_length=40)
    train_pct = models.PositiveSmallIntegerField()
    folds = models.PositiveSmallIntegerField()
    verdict = models.JSONField(null=True)


class OptimizationChunk(models.Model):
    """Some successive settings of a grid: what a worker claims, until `claimed_until`, and does at once."""

    optimization = models.ForeignKey(Optimization, on_delete=models.CASCADE, related_name="chunks")
    first = models.PositiveIntegerField()
    stop = models.PositiveIntegerField()
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    is_done = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["optimization", "first"], name="one_chunk_from_a_setting_on")
        ]
        indexes = [models.Index(fields=["is_done", "optimization"], name="chunks_to_do")]

    def __str__(self) -> str:
        return f"{self.optimization_id}: {self.first} to {self.stop}"


class Trial(models.Model):
    """What one setting of a grid came to. `parts` are its figures by part of the history,
    `blocks` its excess over holding by block of days."""

    optimization = models.ForeignKey(Optimization, on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveIntegerField()
    values = models.JSONField()
    metrics = models.JSONField()
    parts = models.JSONField()
    blocks = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["optimization", "number"], name="each_setting_is_tried_once")
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.values}"
