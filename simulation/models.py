"""Replays under way or done, in one go and live."""

from __future__ import annotations

import uuid

from django.db import models

from positions.models import Position


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
    clock's run that the cell belongs to: when the clock is set back, it is driven no more.
    """

    position = models.OneToOneField(
        Position, on_delete=models.PROTECT, primary_key=True, related_name="driven"
    )
    run = models.PositiveIntegerField()
    done_date = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["run", "done_date"], name="driven_by_day")]

    def __str__(self) -> str:
        return f"{self.position} until {self.done_date}"
