"""Answering a POST once per `Idempotency-Key`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel

from accounts.api_auth import tenant_of
from accounts.api_types import as_json
from accounts.idempotency import Answer, IdempotentRequest, Replayed, answer_once, check_key, fingerprint_of
from accounts.transactions import unit_of_work
from volbal import strict_json
from volbal.errors import Conflict, Refused, VolbalError

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
# Refusals that depend on the state of the books; another time the same request may be granted.
STORED = (Conflict, Refused)


def once(
    request: HttpRequest,
    act: Callable[[], Any],
    *,
    schema: type[BaseModel],
    status: int = 200,
    required: bool = False,
    keep_forever: bool = False,
    on_refusal: Callable[[VolbalError], None] | None = None,
) -> HttpResponse:
    """Run `act` in a unit of work of its own and answer its result, the same answer for the same key.

    A refusal that depends on the state of the books is kept under the key too. `on_refusal` writes what such
    a refusal leaves behind, after all that `act` did was undone. Raises what `act` and `answer_once` raise,
    and IdempotencyKeyMissing if the call needs a key.
    """
    idempotent = _idempotent(request, required=required, keep_forever=keep_forever)
    request.idempotent = idempotent  # type: ignore[attr-defined]

    def refuse(error: VolbalError) -> Answer | None:
        if on_refusal is not None and isinstance(error, STORED):
            on_refusal(error)
        return _refusal(request, error)

    def answer_act() -> Answer:
        return Answer(status, as_json(schema, act()), _headers(request, "application/json"))

    try:
        answer = answer_once(idempotent, answer_act, refuse)
    except VolbalError as error:
        if idempotent is None and on_refusal is not None and isinstance(error, STORED):
            with unit_of_work():
                on_refusal(error)
        raise
    response = HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))
    if isinstance(answer, Replayed):
        response[REPLAYED_HEADER] = "true"
    return response


def idempotent_of(request: HttpRequest) -> IdempotentRequest:
    """Return the key and fingerprint that the call which `once` is running came under."""
    idempotent: IdempotentRequest | None = getattr(request, "idempotent", None)
    if idempotent is None:
        raise ValueError("only inside `once` with a key that is required")
    return idempotent


def _idempotent(request: HttpRequest, *, required: bool, keep_forever: bool) -> IdempotentRequest | None:
    key = check_key(request.headers.get(KEY_HEADER), required=required)
    if key is None:
        return None
    match = request.resolver_match
    if match is None:
        raise ValueError("a request that is answered was routed")
    body = strict_json.loads(request.body) if request.body else None
    return IdempotentRequest(
        tenant_id=tenant_of(request).pk,
        key=key,
        fingerprint=fingerprint_of(str(request.method), match.route, match.kwargs, body, request.GET.dict()),
        keep_forever=keep_forever,
        route=f"{request.method} {match.route}",
    )


def _refusal(request: HttpRequest, error: VolbalError) -> Answer | None:
    """Return what is kept of a refusal: those that depend on the books' state, and no others."""
    if not isinstance(error, STORED):
        return None
    response: HttpResponse = request.refusal_of(request, error)  # type: ignore[attr-defined]
    return Answer(response.status_code, response.text, _headers(request, response["Content-Type"]))


def _headers(request: HttpRequest, content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "X-Request-ID": getattr(request, "request_id", "")}
