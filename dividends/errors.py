"""Refusals about corporate actions."""

from volbal.errors import Conflict, Refused


class DividendConflict(Conflict):
    """A dividend of the same ticker and ex-date is stored with other values."""

    code = "history-conflict"
    title = "This dividend is stored with other values"


class SplitConflict(Conflict):
    """A split of the same ticker and date is stored with another ratio."""

    code = "history-conflict"
    title = "This split is stored with another ratio"


class PaymentNotDue(Refused):
    """The pay date of a dividend has not come."""

    code = "not-due"
    title = "The pay date has not come"
