"""What can go wrong in the rules. Errors know facts, nothing of HTTP; `code` is stable and public."""

from __future__ import annotations

from typing import ClassVar


class VolbalError(Exception):
    """Base of every refusal. `detail` is one plain sentence, `facts` the numbers in it."""

    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class BadInput(VolbalError):
    """The text that came in is not what the field takes."""


class MalformedJson(BadInput):
    code = "malformed-json"
    title = "This is not JSON"


class InvalidNumber(BadInput):
    code = "invalid-number"
    title = "This is not a plain decimal number"


class OutOfRange(BadInput):
    code = "out-of-range"
    title = "This value is outside what is allowed"


class InvalidTicker(BadInput):
    code = "invalid-ticker"
    title = "This is not a ticker"


class UnknownField(BadInput):
    code = "unknown-field"
    title = "There is no such field"


class MissingField(BadInput):
    code = "missing-field"
    title = "A field is missing"


class InvalidConfig(BadInput):
    code = "invalid-config"
    title = "These settings can't be used together"


class Refused(VolbalError):
    """The state of the books doesn't allow it."""


class InsufficientCash(Refused):
    code = "insufficient-cash"
    title = "Not enough cash"


class InsufficientShares(Refused):
    code = "insufficient-shares"
    title = "Not enough shares"


class Overfill(Refused):
    code = "overfill"
    title = "More was executed than was ordered"


class Conflict(VolbalError):
    """It clashes with something that already happened."""


class IllegalTransition(Conflict):
    code = "illegal-transition"
    title = "The order can't go there from its status"
