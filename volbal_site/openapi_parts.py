"""The parts of the OpenAPI document that calls share: problems, headers, the form of keys."""

from __future__ import annotations

from typing import Any

from volbal_site.problem_texts import PROBLEMS

Json = dict[str, Any]

SCHEME = "ApiKey"
PROBLEM_TYPE = "application/problem+json"
EXAMPLE_ID = "7d0ae5b1-3f6e-4c0b-9a51-0c8f6d2f4b11"

# Problems that look the same wherever they occur, one to a status.
SHARED = (
    "bad-request",
    "unauthenticated",
    "forbidden",
    "not-found",
    "payload-too-large",
    "unsupported-media-type",
    "rate-limited",
    "unavailable",
)


def _header(name: str) -> Json:
    return {"$ref": f"#/components/headers/{name}"}


HEADERS_OF: dict[str, Json] = {
    "any": {"X-Request-ID": _header("X-Request-ID")},
    "replayed": {"Idempotent-Replayed": _header("Idempotent-Replayed")},
    "later": {"Retry-After": _header("Retry-After-Sometimes")},
    "rate-limited": {"Retry-After": _header("Retry-After")},
    "unavailable": {"Retry-After": _header("Retry-After")},
    "unauthenticated": {"WWW-Authenticate": _header("WWW-Authenticate")},
}

PROBLEM_SCHEMA: Json = {
    "description": "A refusal, as RFC 9457 has it.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "request_id", "errors"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "pattern": "/problems/[a-z-]+$",
            "description": "Ends in the problem's code; the address of a page that explains it.",
        },
        "title": {"type": "string", "description": "The same for every problem of this type."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What was wrong this time, with the numbers."},
        "instance": {"type": "string", "format": "uri-reference", "description": "The path called."},
        "request_id": {"type": "string", "description": "Stands in the log as well."},
        "errors": {
            "type": "array",
            "description": "The fields that are wrong.",
            "items": {
                "type": "object",
                "required": ["pointer", "code"],
                "properties": {
                    "pointer": {"type": "string", "description": "Where: a JSON pointer (RFC 6901)."},
                    "code": {"type": "string"},
                },
            },
        },
    },
}


def problem_example(code: str) -> Json:
    """Return a refusal with this code, as it could be answered."""
    text = PROBLEMS[code]
    return {
        "type": f"https://volbal.example/problems/{code}",
        "title": text.title,
        "status": text.status,
        "detail": text.meaning,
        "instance": "/v1/positions",
        "request_id": EXAMPLE_ID,
        "errors": [],
    }


def _shared_answer(code: str) -> Json:
    return {
        "description": f"{PROBLEMS[code].title}: `{code}`.",
        "headers": {**HEADERS_OF["any"], **HEADERS_OF.get(code, {})},
        "content": {
            PROBLEM_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"$ref": f"#/components/examples/{code}"}},
            }
        },
    }


IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": (
        "New for every new request, the same when one is sent again: what was done under a key is done once, "
        "and answered the same. 1 to 255 printable ASCII characters."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "example": "2024-01-08-rebalance-1",
}

COMPONENTS: dict[str, Json] = {
    "schemas": {"Problem": PROBLEM_SCHEMA},
    "securitySchemes": {
        SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "vb_<id>_<secret>",
            "description": (
                "An API key. Each has one or more of the scopes `read`, `trade`, `broker` and `admin`, which "
                "don't imply each other; every call says which one it needs."
            ),
        }
    },
    "parameters": {
        "RequestId": {
            "name": "X-Request-ID",
            "in": "header",
            "required": False,
            "description": (
                "An id of the caller's for this request: 1 to 64 letters, digits, points, hyphens and "
                "underscores. Any other is replaced."
            ),
            "schema": {"type": "string"},
            "example": EXAMPLE_ID,
        }
    },
    "headers": {
        "X-Request-ID": {
            "description": "The request's id, which the log carries too. A replayed answer keeps its first.",
            "required": True,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
            "example": EXAMPLE_ID,
        },
        "Idempotent-Replayed": {
            "description": "Present if this was answered before under the same key; nothing was done now.",
            "schema": {"type": "string", "enum": ["true"]},
        },
        "Retry-After": {
            "description": "Seconds to wait before the same request is sent again.",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
            "example": 1,
        },
        "Retry-After-Sometimes": {
            "description": "Seconds to wait; present if the request is still running.",
            "schema": {"type": "integer", "minimum": 1},
            "example": 1,
        },
        "WWW-Authenticate": {
            "description": "How to authenticate.",
            "required": True,
            "schema": {"type": "string"},
            "example": 'Bearer realm="v1"',
        },
    },
    "responses": {code: _shared_answer(code) for code in SHARED},
    "examples": {
        code: {"summary": PROBLEMS[code].title, "value": problem_example(code)} for code in PROBLEMS
    },
}
