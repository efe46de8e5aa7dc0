"""Refusals about a cell."""

from volbal.errors import Conflict


class PositionClosed(Conflict):
    """A closed position is history."""

    code = "illegal-transition"
    title = "The position is closed"


class PositionNotEmpty(Conflict):
    """Something still depends on what is to be closed."""

    code = "order-open"
    title = "An order of this position is still open"
