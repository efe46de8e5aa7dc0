"""What workers do about dividends and splits."""

from __future__ import annotations

from django.utils import timezone

from accounts.background import background_task, is_stopping
from accounts.transactions import Stamp
from dividends.feed import fetch_and_store
from dividends.mornings import ACTOR
from dividends.mornings import begin_days as begin
from market.calendar import is_open
from orders.tick import work_off_ticks


@background_task("dividends.begin_days")
def begin_days() -> None:
    """Apply to every position what is due by this morning."""
    begin(clock=timezone.now, is_over=is_stopping)


@background_task("dividends.fetch_from_feeds")
def fetch_from_feeds() -> None:
    """Ask the live feeds for dividends, splits and missing bars of what is held."""
    fetch_and_store(stamp=Stamp(at=timezone.now(), actor=ACTOR))


@background_task("dividends.evaluate")
def evaluate() -> None:
    """Evaluate all positions, if that is due; nothing is decided about one before its day has begun."""
    if is_open(timezone.now()):
        begin(clock=timezone.now, only_active=True, is_over=is_stopping)
        work_off_ticks(clock=timezone.now)
