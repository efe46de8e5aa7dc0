"""What can go wrong with market data."""

from __future__ import annotations

from volbal.errors import BadInput, Conflict, OutOfRange


class BadFile(BadInput):
    """A history file that isn't what it should be; `detail` names the file and, if any, the line."""

    code = "invalid-file"
    title = "This file can't be imported"


class UnknownTicker(BadInput):
    """A ticker without bars, imported or bundled."""

    code = "invalid-ticker"
    title = "There is no history of this ticker"


class OutsideCalendar(OutOfRange):
    """A moment before 1990 or after the last session that the exchange has planned."""


class BarConflict(Conflict):
    """A stored bar came again with other values."""

    code = "bar-conflict"
    title = "A stored bar has other values"
