"""What templates ask of a cell."""

from __future__ import annotations

from django import template

from positions import alerting
from positions.models import Position

register = template.Library()


@register.filter
def is_replayed(cell: Position) -> bool:
    """Whether a cell trades on prices of the past, which is marked wherever it stands."""
    return alerting.is_replayed(cell)
