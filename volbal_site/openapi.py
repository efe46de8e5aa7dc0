"""The OpenAPI 3.1 document: ninja's, completed with what ninja can't know.

Words stand in `openapi_words`, examples in `openapi_examples.json`; a test names what lacks one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from accounts.api_auth import NeedsScope
from volbal_site.openapi_parts import (
    COMPONENTS,
    HEADERS_OF,
    IDEMPOTENCY_KEY,
    PROBLEM_TYPE,
    SCHEME,
    SHARED,
)
from volbal_site.openapi_words import ABOUT, CALLS, FIELDS, PARAMETERS, TAGS, Call
from volbal_site.problem_texts import PROBLEMS

Json = dict[str, Any]

EXAMPLES: Json = json.loads(Path(__file__).with_name("openapi_examples.json").read_text())
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
UNKNOWN_CALL = Call("")


class Document(OpenAPISchema):
    """Ninja's document with the scope that each call needs."""

    def operation_security(self, operation: Operation) -> list[Json]:
        scopes = [auth.scope for auth in operation.auth_callbacks if isinstance(auth, NeedsScope)]
        return [{SCHEME: [scope]} for scope in scopes]


def completed(document: Document) -> Json:
    """Return the document with words, examples, headers, refusals and the form of keys."""
    document["info"]["description"] = ABOUT
    document["servers"] = [{"url": "/"}]
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        schemas[name] = _without_titles(schema)
        _describe_fields(schemas[name])
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _complete(operation, method.upper(), path, schemas)
    used = {tag for item in document["paths"].values() for call in item.values() for tag in call["tags"]}
    document["tags"] = [{"name": tag, "description": TAGS[tag]} for tag in TAGS if tag in used]
    for part, found in COMPONENTS.items():
        document["components"].setdefault(part, {}).update(found)
    return dict(document)


def refusals(method: str, path: str, operation: Json) -> list[str]:
    """Return the codes that a call may be refused with, as far as can be told before it is made."""
    call = CALLS.get((method, path), UNKNOWN_CALL)
    needs_key = bool(operation.get("security"))
    queried = [one for one in operation["parameters"] if one["in"] == "query"]
    rules = (
        (True, ("bad-request", "unavailable")),
        (needs_key, ("unauthenticated", "forbidden", "rate-limited", "unknown-field")),
        ("{" in path, ("not-found",)),
        (bool(queried) or "requestBody" in operation, ("invalid-number", "out-of-range")),
        ("requestBody" in operation or any(one["required"] for one in queried), ("missing-field",)),
        (method in WITH_BODY, ("malformed-json", "payload-too-large", "unsupported-media-type")),
        (
            method == "POST" and needs_key,
            (
                "idempotency-key-missing",  # also a blank one, which nobody means
                "idempotency-key-invalid",
                "idempotency-key-reused",
                "idempotency-in-progress",
                "idempotency-key-expired",
            ),
        ),
        (True, call.codes),
    )
    found = dict.fromkeys(code for applies, codes in rules if applies for code in codes)
    return [code for code in PROBLEMS if code in found]


def _complete(operation: Json, method: str, path: str, schemas: Json) -> None:
    call = CALLS.get((method, path), UNKNOWN_CALL)
    operation["description"] = " ".join(filter(None, (call.text, _who(operation))))
    operation.setdefault("security", [])
    operation["parameters"] = [_parameter(one, f"{method} {path}") for one in operation["parameters"]]
    if method == "POST" and operation["security"]:
        operation["parameters"].append({**IDEMPOTENCY_KEY, "required": call.key_required})
    if "requestBody" in operation:
        _give_example(operation["requestBody"], f"{method} {path}")
    for status, response in operation["responses"].items():
        _complete_answer(response, f"{method} {path} {status}", schemas)
        if method == "POST" and operation["security"]:
            response["headers"].update(HEADERS_OF["replayed"])
    operation["responses"] = {str(status): answer for status, answer in operation["responses"].items()}
    operation["responses"].update(_refused(refusals(method, path, operation)))
    operation["parameters"].append({"$ref": "#/components/parameters/RequestId"})


def _who(operation: Json) -> str:
    scopes = [scope for one in operation.get("security", []) for scope in one[SCHEME]]
    return f"Needs a key with the scope **{' or '.join(scopes)}**." if scopes else "Needs no key."


def _parameter(parameter: Json, where: str) -> Json:
    """Say what a parameter is; in an address everything is text, so no number and no null."""
    parameter = {**parameter, "schema": _without_titles(parameter["schema"])}
    schema = parameter["schema"]
    forms = [one for one in schema.get("anyOf", []) if one.get("type") not in ("null", "number")]
    if len(forms) == 1:
        del schema["anyOf"]
        schema.update(forms[0])
    schema.pop("description", None)
    name = parameter["name"]
    text, example = PARAMETERS.get(f"{where} {name}", PARAMETERS.get(name, (None, None)))
    for part, value in (("description", text), ("example", example)):
        if value is not None:
            parameter[part] = value
    return parameter


def _complete_answer(response: Json, where: str, schemas: Json) -> None:
    response["headers"] = dict(HEADERS_OF["any"])
    for content in response.get("content", {}).values():
        content["schema"] = _without_titles(content["schema"])
        name = str(content.get("schema", {}).get("$ref", "")).rsplit("/", 1)[-1]
        response["description"] = schemas.get(name, {}).get("description", response["description"])
    _give_example(response, where)


def _give_example(body: Json, where: str) -> None:
    """Set the body's example: `POST /v1/x` is what is sent, `POST /v1/x 201` what is answered."""
    for content in body.get("content", {}).values():
        if where in EXAMPLES:
            content["example"] = EXAMPLES[where]


def _refused(codes: Iterable[str]) -> Iterator[tuple[str, Json]]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    for status, found in sorted(by_status.items()):
        if len(found) == 1 and found[0] in SHARED:
            yield str(status), {"$ref": f"#/components/responses/{found[0]}"}
        else:
            yield str(status), _problem_answer(found)


def _problem_answer(codes: list[str]) -> Json:
    headers = dict(HEADERS_OF["any"])
    status = PROBLEMS[codes[0]].status
    if status in (409, 422):
        headers.update(HEADERS_OF["replayed"])
    if "idempotency-in-progress" in codes:
        headers.update(HEADERS_OF["later"])
    return {
        "description": "Refused: " + ", ".join(f"`{code}`" for code in codes) + ".",
        "headers": headers,
        "content": {
            PROBLEM_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def _describe_fields(schema: Json) -> None:
    for name, field in schema.get("properties", {}).items():
        if name in FIELDS:
            field.setdefault("description", FIELDS[name])


def _without_titles(part: Any) -> Any:
    """Drop pydantic's titles, which repeat the names of fields; a field may itself be called title."""
    if isinstance(part, list):
        return [_without_titles(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {name: _without_titles(value) for name, value in part.items()}
    if isinstance(kept.get("title"), str):
        del kept["title"]
    return kept
