"""Answering a POST once per `Idempotency-Key`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel

from accounts.api_auth import tenant_of
from accounts.api_types import as_json
from accounts.idempotency import (
    Answer,
    IdempotentRequest,
    Replayed,
    answer_or_refuse,
    check_key,
    fingerprint_of,
)
from volbal import strict_json
from volbal.errors import VolbalError

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"


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
    a refusal leaves behind, after all that `act` did was undone. Raises what `act` and `answer_or_refuse`
    raise, and IdempotencyKeyMissing if the call needs a key.
    """
    idempotent = _idempotent(request, required=required, keep_forever=keep_forever)
    request.idempotent = idempotent  # type: ignore[attr-defined]

    def answer_act() -> Answer:
        return Answer(status, as_json(schema, act()), _headers(request, "application/json"))

    answer = answer_or_refuse(
        idempotent, answer_act, lambda error: _refusal(request, error), on_refusal=on_refusal
    )
    response = HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))
    if isinstance(answer, Replayed):
        response[REPLAYED_HEADER] = "true"
    return response


def key_of(request: HttpRequest, *, required: bool = False) -> str | None:
    """Return the key that a call came with. Raises IdempotencyKeyMissing or IdempotencyKeyInvalid."""
    return check_key(request.headers.get(KEY_HEADER), required=required)


def _idempotent(request: HttpRequest, *, required: bool, keep_forever: bool) -> IdempotentRequest | None:
    key = key_of(request, required=required)
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


def _refusal(request: HttpRequest, error: VolbalError) -> Answer:
    response: HttpResponse = request.refusal_of(request, error)  # type: ignore[attr-defined]
    return Answer(response.status_code, response.text, _headers(request, response["Content-Type"]))


def _headers(request: HttpRequest, content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "X-Request-ID": getattr(request, "request_id", "")}
