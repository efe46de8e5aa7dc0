"""Check of receivables against positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from dividends.models import Receivable
from positions.models import Position
from volbal.numbers import ZERO, plain


def receivable_faults() -> Iterator[str]:
    """Yield a sentence for every position whose receivable is not the sum of its pending ones."""
    pending: dict[Any, Decimal] = defaultdict(lambda: ZERO)
    for position_id, amount in Receivable.objects.pending().values_list("position_id", "amount"):
        pending[position_id] += amount
    for position in Position.objects.in_ledger_order():
        if position.dividend_receivable != pending[position.pk]:
            yield (
                f"Position {position.pk} ({position}): it expects {plain(position.dividend_receivable)} of "
                f"dividends, its receivables add up to {plain(pending[position.pk])}."
            )
