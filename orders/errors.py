"""Refusals about orders and executions."""

from volbal.errors import Conflict


class OrderOpen(Conflict):
    """A position has at most one open order."""

    code = "order-open"
    title = "An order of this position is still open"


class ExecutionConflict(Conflict):
    """The same execution id came before with other values."""

    code = "execution-conflict"
    title = "This execution id was reported with other values"
