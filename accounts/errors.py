"""Refusals about who and which."""

from volbal.errors import VolbalError


class NotFound(VolbalError):
    """There is no such row, or it is another tenant's: the two look the same."""

    code = "not-found"
    title = "There is no such thing here"


class OutsideUnitOfWork(RuntimeError):
    """Something was to be locked or written without a unit of work around it: a mistake in the program."""
