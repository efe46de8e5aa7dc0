"""Refusals about executions."""

from volbal.errors import Conflict


class ExecutionConflict(Conflict):
    """The same execution id came before with other values."""

    code = "execution-conflict"
    title = "This execution id was reported with other values"
