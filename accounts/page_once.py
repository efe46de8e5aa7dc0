"""Forms that do something: once a key, whatever is clicked twice, in however many tabs.

docs/pages.md, "An action", shows how a view uses `form_page`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from accounts.errors import IdempotencyKeyExpired, IdempotencyKeyReused
from accounts.form_memory import KEY_FIELD, NEVER_KEPT, kept_entries, key_for, use_up_key
from accounts.idempotency import (
    Answer,
    IdempotentRequest,
    Replayed,
    answer_or_refuse,
    check_key,
    fingerprint_of,
)
from accounts.page_access import tenant_seen
from accounts.page_forms import ActionForm
from volbal.errors import Refused, VolbalError

# From what the form said to what `act` gets.
Prepare = Callable[[dict[str, Any]], dict[str, Any]]
# From what the form said to what the page shows of what would happen.
Look = Callable[[dict[str, Any]], dict[str, Any]]

# The button that asks what would happen sends this field: BACK returns from there to the entries, LIVE asks
# while somebody is still typing.
LOOK_FIELD = "look"
BACK, LIVE = "back", "live"

ALREADY = "This was done already; it was not done again."
OTHER_TAB = (
    "This form was sent before, perhaps in another tab, with other entries. Look at what that did, then send"
    " it again if you still want to."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an action came to: one sentence for the person, the page to go on to, what panels listen for."""

    message: str
    location: str
    event: str = ""


class KeptRefusal(Refused):
    """A refusal as it was answered the first time."""

    def __init__(self, code: str, title: str, detail: str, field: str | None) -> None:
        super().__init__(detail, **({"field": field} if field else {}))
        self.code = code  # type: ignore[misc]
        self.title = title  # type: ignore[misc]


def form_page(
    request: HttpRequest,
    template: str,
    form_class: type[ActionForm],
    act: Callable[[dict[str, Any]], Done],
    context: Mapping[str, Any] | None = None,
    *,
    prepare: Prepare | None = None,
    look: Look | None = None,
    after: Callable[[], None] | None = None,
    on_refusal: Callable[[dict[str, Any], VolbalError], None] | None = None,
    keep_forever: bool = False,
    **form_options: Any,
) -> HttpResponse:
    """Show a form; when it is sent and says something valid, run `act` on that in a unit of work, once.

    Invalid or refused: the form again with what was typed and the reason, 422. Done: on to the page that
    `act` names; for htmx a fresh form, the message as a toast, and the event. `template` has a partial
    `form`, which is what htmx swaps. `prepare` adds what takes the network, before the unit begins; `after`
    runs when it has ended. `look` adds what would happen, for a form sent by a button named "look", which
    does nothing. `on_refusal` writes what a refusal leaves behind. `keep_forever` for orders.
    """
    form = _form(request, form_class, form_options)
    if look and request.method == "POST" and LOOK_FIELD in request.POST:
        return _looked(request, template, form, look, context)
    if request.method != "POST" or not form.is_valid():
        return _shown(request, template, form, context)
    try:
        said = prepare(form.cleaned_data) if prepare else form.cleaned_data
        leave = (lambda error: on_refusal(said, error)) if on_refusal else None
        done = _act_once(request, lambda: act(said), keep_forever=keep_forever, on_refusal=leave)
    except VolbalError as error:
        form.refuse(_in_words(error))
        use_up_key(request)  # the refusal belongs to it; whoever tries again means a new attempt
        return _shown(request, template, form, context)
    use_up_key(request)
    if after:
        after()
    return _done(request, done, template, form_class(**form_options), context)


def _looked(
    request: HttpRequest,
    template: str,
    form: ActionForm,
    look: Look,
    context: Mapping[str, Any] | None,
) -> HttpResponse:
    """Show what would happen beside the entries; the key stays unused."""
    seen: dict[str, Any] = {}
    if request.POST[LOOK_FIELD] == BACK:
        form.leave_unjudged()
    elif form.is_valid():
        try:
            seen = look(form.cleaned_data)
        except VolbalError as error:
            form.refuse(error)
    return _shown(request, template, form, {**(context or {}), **seen})


def _in_words(error: VolbalError) -> VolbalError:
    return Refused(OTHER_TAB) if isinstance(error, IdempotencyKeyReused | IdempotencyKeyExpired) else error


def _form(request: HttpRequest, form_class: type[ActionForm], options: dict[str, Any]) -> ActionForm:
    if request.method == "POST":
        return form_class(request.POST, **options)
    entries = kept_entries(request)
    return form_class(entries, is_back=True, **options) if entries is not None else form_class(**options)


def _shown(
    request: HttpRequest, template: str, form: ActionForm, context: Mapping[str, Any] | None
) -> HttpResponse:
    form.set_key(key_for(request))
    name = f"{template}#form" if request.headers.get("HX-Request") == "true" else template
    failed = request.method == "POST" and bool(form.errors) and request.POST.get(LOOK_FIELD) != LIVE
    return render(request, name, {**(context or {}), "form": form}, status=422 if failed else 200)


def _done(
    request: HttpRequest,
    done: Done,
    template: str,
    fresh: ActionForm,
    context: Mapping[str, Any] | None,
) -> HttpResponse:
    if request.headers.get("HX-Request") != "true":
        messages.success(request, done.message)
        return HttpResponseRedirect(done.location, status=303)
    response = _shown(request, template, fresh, context)
    events = {"toast": done.message, **({done.event: None} if done.event else {})}
    response["HX-Trigger"] = json.dumps(events)
    return response


def _act_once(
    request: HttpRequest,
    act: Callable[[], Done],
    *,
    keep_forever: bool,
    on_refusal: Callable[[VolbalError], None] | None,
) -> Done:
    """Raises the refusal, also one that was given before; IdempotencyKeyMissing and its like."""
    idempotent = _idempotent(request, keep_forever=keep_forever)
    request.idempotent = idempotent  # type: ignore[attr-defined]
    answer = answer_or_refuse(
        idempotent,
        lambda: Answer(200, json.dumps(asdict(act()))),
        lambda error: Answer(422, json.dumps(_facts_of(error))),
        on_refusal=on_refusal,
    )
    facts = json.loads(answer.body)
    if answer.status != 200:
        raise KeptRefusal(**facts)
    if isinstance(answer, Replayed):
        facts["message"] = f"{facts['message']} {ALREADY}"
    return Done(**facts)


def _idempotent(request: HttpRequest, *, keep_forever: bool) -> IdempotentRequest:
    match = request.resolver_match
    if match is None:
        raise ValueError("a request that is answered was routed")
    sent = {name: values for name, values in request.POST.lists() if name not in NEVER_KEPT}
    return IdempotentRequest(
        tenant_id=tenant_seen(request).pk,
        key=str(check_key(request.POST.get(KEY_FIELD), required=True)),
        fingerprint=fingerprint_of("POST", match.route, match.kwargs, sent),
        keep_forever=keep_forever,
        route=f"POST /{match.route}",
    )


def _facts_of(error: VolbalError) -> dict[str, object]:
    field = error.facts.get("field")
    return {
        "code": error.code,
        "title": error.title,
        "detail": error.detail,
        "field": None if field is None else str(field),
    }
