"""One key, one effect, one answer: what a request did is kept in the transaction that did it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import OperationalError, models
from django.http import HttpRequest

from accounts.errors import (
    IdempotencyInProgress,
    IdempotencyKeyExpired,
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
)
from accounts.models import IdempotencyRecord
from accounts.prepared import insert_unless_there
from accounts.transactions import current_unit, require_unit_of_work, unit_of_work
from volbal.errors import Conflict, MalformedJson, Refused, VolbalError
from volbal.fields import JsonNumber
from volbal.numbers import JSON_NUMBER, LONGEST_NUMBER, PLAIN_NUMBER, plain

KEY = re.compile(r"[\x20-\x7e]{1,255}", re.ASCII)
KEPT_AT_LEAST = timedelta(days=7)
RETRY_AFTER_S = 1
# Refusals that depend on the state of the books; another time the same request may be granted.
STORED = (Conflict, Refused)
# Fields whose text is a name, never a number: executions "1.0" and "1.00" are two.
NAMES = frozenset({"execution_id", "client_order_id", "reason", "ticker"})
# PostgreSQL's word for "another transaction held it longer than lock_timeout".
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered: an HTTP status, the exact body, and headers that belong to it."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replayed(Answer):
    """An answer that was given before; nothing was done this time."""


class AlreadyAnswered(Exception):
    """Ends a unit of work whose request was answered before."""

    def __init__(self, answer: Replayed) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotentRequest:
    """A request under a key. `keep_forever` for orders and fills; `route` is for people to read."""

    tenant_id: UUID
    key: str
    fingerprint: str
    keep_forever: bool = False
    route: str = ""

    def claim(self) -> None:
        """Insert this request's row, waiting for another that is inserting the same.

        Raises AlreadyAnswered with the answer if it was answered; IdempotencyKeyReused,
        IdempotencyKeyExpired, IdempotencyInProgress.
        """
        require_unit_of_work()
        mine = IdempotencyRecord(
            tenant_id=self.tenant_id,
            key=self.key,
            fingerprint=self.fingerprint,
            keep_forever=self.keep_forever,
            route=self.route[:200],
        )
        try:
            is_new = insert_unless_there(mine)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
                raise _in_progress() from None
            raise
        if not is_new:
            raise AlreadyAnswered(self._answer_in(self._records().get()))

    def store(self, answer: Answer) -> None:
        """Keep the answer in the row that was claimed."""
        require_unit_of_work()
        self._records().update(status=answer.status, body=answer.body, headers=dict(answer.headers))

    def _records(self) -> models.QuerySet[IdempotencyRecord]:
        return IdempotencyRecord.objects.filter(tenant_id=self.tenant_id, key=self.key)

    def _answer_in(self, record: IdempotencyRecord) -> Replayed:
        if record.fingerprint != self.fingerprint:
            raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
        if record.status is None:
            raise _in_progress()
        if record.body is None:
            raise IdempotencyKeyExpired("This was answered long ago; see what it did before you try again.")
        return Replayed(record.status, record.body, record.headers)


def check_key(text: str | None, *, required: bool) -> str | None:
    """Return the key a request came with, or None if it has none and needs none.

    Raises IdempotencyKeyMissing (also for a blank one, which nobody means) or IdempotencyKeyInvalid.
    """
    if text is None and not required:
        return None
    if text is None or not text.strip():
        raise IdempotencyKeyMissing("Send a header Idempotency-Key that is new for every new request.")
    if not KEY.fullmatch(text):
        raise IdempotencyKeyInvalid("An Idempotency-Key has 1 to 255 printable ASCII characters.")
    return text


def idempotent_of(request: HttpRequest) -> IdempotentRequest:
    """Return the key and fingerprint that the call that is being answered came under."""
    idempotent: IdempotentRequest | None = getattr(request, "idempotent", None)
    if idempotent is None:
        raise ValueError("only inside what is answered once, with a key that is required")
    return idempotent


def fingerprint_of(
    method: str,
    route: str,
    path_ids: Mapping[str, object],
    body: Any,
    query: Mapping[str, str] | None = None,
) -> str:
    """Hash a request to 64 hexadecimal digits, its body as volbal.strict_json reads it.

    "100", "100.00" and the number 100 are the same; so are bodies that differ in the order of keys. A field
    that is left out is not the same as null. Raises MalformedJson for a body that is nested too deep.
    """
    ids = {name: str(value) for name, value in path_ids.items()}
    try:
        request = [method.upper(), route, ids, _canonical(query or {}), _canonical(body)]
        text = json.dumps(request, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        raise MalformedJson("It is nested too deep.") from None
    return hashlib.sha256(text.encode()).hexdigest()


def answer_once(
    request: IdempotentRequest | None,
    act: Callable[[], Answer],
    store_refusal: Callable[[VolbalError], Answer | None] = lambda error: None,
) -> Answer:
    """Run `act` in a unit of work of its own, once a key; return its answer, or the first one Replayed.

    When `act` refuses with a VolbalError, all it did is undone. If `store_refusal` then has an answer, that
    is kept under the key and returned; otherwise, and after any other exception, the key is free again and
    the error goes on. Without a request (no key) nothing is kept. Raises IdempotencyKeyReused,
    IdempotencyKeyExpired, IdempotencyInProgress.
    """
    try:
        with unit_of_work(idempotency=request):
            if request is None:
                return act()
            answer = _act_or_refuse(act, store_refusal)
            request.store(answer)
            return answer
    except AlreadyAnswered as replay:
        return replay.answer


def answer_or_refuse(
    request: IdempotentRequest | None,
    act: Callable[[], Answer],
    refusal: Callable[[VolbalError], Answer],
    *,
    on_refusal: Callable[[VolbalError], None] | None = None,
) -> Answer:
    """Run `act` as `answer_once` does; keep refusals that depend on the books' state, as `refusal` puts them.

    `on_refusal` writes what such a refusal leaves behind, after all that `act` did was undone. Raises what
    `act` raised where no key was given or the refusal isn't kept, and what `answer_once` raises.
    """

    def kept(error: VolbalError) -> Answer | None:
        if not isinstance(error, STORED):
            return None
        if on_refusal is not None:
            on_refusal(error)
        return refusal(error)

    try:
        return answer_once(request, act, kept)
    except STORED as error:
        if request is None and on_refusal is not None:
            with unit_of_work():
                on_refusal(error)
        raise


def prune_idempotency_records(older_than: datetime) -> int:
    """Forget the answers given before `older_than`, except those kept for ever; return how many.

    The keys stay, so that none is ever acted on twice. Callers leave KEPT_AT_LEAST.
    """
    require_unit_of_work()
    old = IdempotencyRecord.objects.filter(
        keep_forever=False, status__isnull=False, body__isnull=False, created_at__lt=older_than
    )
    return old.update(body=None, headers={})


def _act_or_refuse(
    act: Callable[[], Answer], store_refusal: Callable[[VolbalError], Answer | None]
) -> Answer:
    try:
        with current_unit().savepoint():
            return act()
    except VolbalError as error:
        answer = store_refusal(error)
        if answer is None:
            raise
        return answer


def _in_progress() -> IdempotencyInProgress:
    return IdempotencyInProgress(
        "A request with this Idempotency-Key is still running; try again.", retry_after=RETRY_AFTER_S
    )


def _canonical(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {str(key): _canonical(part, str(key)) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(part) for part in value]
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, JsonNumber):
        return _number(value, JSON_NUMBER)
    if isinstance(value, str) and name not in NAMES:
        return _number(value, PLAIN_NUMBER)
    return value


def _number(text: str, form: re.Pattern[str]) -> str:
    """Write a number without its optional zeros and exponent; leave other text alone."""
    if len(text) > LONGEST_NUMBER or not form.fullmatch(text):
        return str(text)
    return plain(Decimal(text))
