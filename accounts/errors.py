"""Refusals about who and which."""

from volbal.errors import BadInput, Conflict, VolbalError


class NotFound(VolbalError):
    """There is no such row, or it is another tenant's: the two look the same."""

    code = "not-found"
    title = "There is no such thing here"


class Forbidden(VolbalError):
    """Known, but not allowed to do this."""

    code = "forbidden"
    title = "This is not allowed"


class RateLimited(VolbalError):
    """The key made more requests than it may in a minute; `retry_after` is in seconds."""

    code = "rate-limited"
    title = "Too many requests"


class InvalidScopes(BadInput):
    """Not a list of scopes that a key can have."""

    code = "invalid-scopes"
    title = "A key can't have these scopes"


class BadIdempotencyKey(BadInput):
    """The key of a request is not one: known from its header alone, before anything is read."""


class IdempotencyKeyMissing(BadIdempotencyKey):
    code = "idempotency-key-missing"
    title = "This request needs an Idempotency-Key"


class IdempotencyKeyInvalid(BadIdempotencyKey):
    code = "idempotency-key-invalid"
    title = "This is not an Idempotency-Key"


class IdempotencyKeyReused(BadInput):
    """The key was used before, for another request."""

    code = "idempotency-key-reused"
    title = "This key belongs to another request"


class IdempotencyInProgress(Conflict):
    """A request under this key is still running; `retry_after` is in seconds."""

    code = "idempotency-in-progress"
    title = "This request is still running"


class IdempotencyKeyExpired(Conflict):
    """The key was used so long ago that its answer is no longer kept; it is never acted on again."""

    code = "idempotency-key-expired"
    title = "The answer to this request is no longer kept"


class InvitationUsed(Conflict):
    """The link lets nobody in any more."""

    code = "invitation-used"
    title = "This invitation can't be used"


class LastOwner(Conflict):
    """A tenant needs somebody who can configure it."""

    code = "last-owner"
    title = "Somebody must stay owner"


class OutsideUnitOfWork(RuntimeError):
    """Something was to be locked or written without a unit of work around it: a mistake in the program."""


class InsideTransaction(RuntimeError):
    """The network was to be used while rows are locked: a mistake in the program."""
