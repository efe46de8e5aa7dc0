"""What can go wrong with market data."""

from __future__ import annotations

from volbal.errors import BadInput, Conflict, OutOfRange, VolbalError


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


class FeedError(VolbalError):
    """A market data feed gave no usable answer. Evaluating goes on without: `stale_quote`."""

    code = "unavailable"
    title = "The market data feed gave no usable answer"


class RateLimited(FeedError):
    """The feed's host asked to be left alone."""

    title = "The market data feed asked to be left alone for a while"


class Unavailable(FeedError):
    """The feed's host can't be reached, is too slow, or fails; or is being left alone because it did."""

    title = "The market data feed can't be reached"


class NoData(FeedError):
    """The feed works and knows nothing of this ticker."""

    title = "The market data feed doesn't know this"


class BadData(FeedError):
    """The feed answered with something that can't be used: not JSON, too long, not in dollars."""

    title = "The market data feed's answer can't be used"
