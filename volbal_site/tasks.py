"""What workers do that concerns several rooms."""

from __future__ import annotations

from django.utils import timezone

from accounts.background import background_task
from accounts.transactions import Stamp
from orders.claims import ACTOR
from volbal_site.books import check_books as check


@background_task("volbal_site.check_books")
def check_books() -> None:
    """Check ledger and audit; any fault halts everyone's trading."""
    check(stamp=Stamp(at=timezone.now(), actor=ACTOR))
