"""Replays under way or done."""

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
