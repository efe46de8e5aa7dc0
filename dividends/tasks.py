"""What workers do about dividends and splits."""

from __future__ import annotations

from django.utils import timezone

from accounts.background import background_task, is_stopping
from accounts.transactions import Stamp
from dividends.feed import fetch_and_store
from dividends.mornings import ACTOR
from dividends.mornings import begin_days as begin


@background_task("dividends.begin_days")
def begin_days() -> None:
    """Apply to every position what is due by this morning."""
    begin(clock=timezone.now, is_over=is_stopping)


@background_task("dividends.fetch_from_feeds")
def fetch_from_feeds() -> None:
    """Ask the live feeds for dividends, splits and missing bars of what is held."""
    fetch_and_store(stamp=Stamp(at=timezone.now(), actor=ACTOR))
