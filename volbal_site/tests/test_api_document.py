"""The OpenAPI document: valid, complete in words and examples, and the same as the one that is checked in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.conf import settings
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from volbal_site.api import api
from volbal_site.openapi_words import CALLS, TAGS
from volbal_site.problem_texts import PROBLEMS
from volbal_site.tests.api_client import Api
from volbal_site.tests.test_api_edge import WHO

DOCUMENT: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
OPERATIONS = {
    (method.upper(), path): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
# What OpenAPI 3.1's own dialect stands on; it is the default, and Swagger UI knows no other.
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SNAPSHOT = Path(settings.BASE_DIR) / "docs" / "openapi.json"

each_call = pytest.mark.parametrize("call", sorted(OPERATIONS), ids=" ".join)


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return what a part of the document is, following its reference if it is one."""
    if "$ref" not in part:
        return part
    target: Any = DOCUMENT
    for name in part["$ref"].removeprefix("#/").split("/"):
        target = target[name]
    return target


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (what it is, media type object) of the request and of every answer in text but refusals."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield "the request", content
    for status, answer in operation["responses"].items():
        if int(status) < 300:
            for content in answer.get("content", {}).values():
                if content["schema"].get("format") != "binary":
                    yield f"the answer {status}", content


def faults_of(example: Any, schema: dict[str, Any]) -> list[str]:
    """Return how an example differs from its schema, which may refer to the document's components."""
    whole = {**schema, "components": DOCUMENT["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [error.message for error in validator.iter_errors(example)]


def every_part(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from every_part(inner)


def test_it_is_openapi_3_1_by_the_official_schema():
    assert DOCUMENT["openapi"] == "3.1.0"
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(DOCUMENT)] == []


def test_its_schemas_are_json_schema_2020_12():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid({"$schema": DIALECT, **schema}), name


def test_every_reference_leads_somewhere():
    for part in every_part(DOCUMENT):
        if "$ref" in part:
            assert resolved(part)


def test_the_checked_in_document_is_this_one():
    assert json.loads(SNAPSHOT.read_text()) == DOCUMENT, "make openapi renews docs/openapi.json"


def test_operation_ids_are_plain_and_unique():
    names = [operation["operationId"] for operation in OPERATIONS.values()]

    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_no_words_are_left_of_calls_that_are_gone():
    assert set(CALLS) <= set(OPERATIONS)


@each_call
def test_every_call_is_described(call):
    assert call in CALLS, f"say in CALLS of volbal_site/openapi_words.py what {' '.join(call)} does"
    operation = OPERATIONS[call]
    assert operation["summary"]
    assert operation["description"].startswith(CALLS[call].text)
    assert set(operation["tags"]) <= set(TAGS), "add the tag to TAGS of volbal_site/openapi_words.py"
    assert set(CALLS[call].codes) <= set(PROBLEMS), "add the code to volbal_site/problem_texts.py"


@each_call
def test_every_call_says_its_scope(call):
    scope = WHO[call]

    assert OPERATIONS[call]["security"] == ([] if scope is None else [{"ApiKey": [scope]}])
    assert (f"scope **{scope}**" if scope else "Needs no key") in OPERATIONS[call]["description"]


@each_call
def test_every_parameter_is_described(call):
    for parameter in map(resolved, OPERATIONS[call]["parameters"]):
        name = parameter["name"]
        assert parameter.get("description"), (
            f"say in PARAMETERS of volbal_site/openapi_words.py what {name} is"
        )
        assert faults_of(parameter["example"], parameter["schema"]) == []


@each_call
def test_every_body_has_an_example_that_fits(call):
    for what, content in bodies(OPERATIONS[call]):
        where = f"{what} of {' '.join(call)}"
        assert "example" in content, f"{where} has none: tell it in volbal_site/tests/test_api_examples.py"
        assert faults_of(content["example"], content["schema"]) == [], where


@each_call
def test_every_answer_has_the_request_id_and_every_refusal_is_a_problem(call):
    for status, part in OPERATIONS[call]["responses"].items():
        answer = resolved(part)
        assert "X-Request-ID" in answer["headers"]
        assert ("Retry-After" in answer["headers"]) == (
            status in ("429", "503") or "idempotency-in-progress" in answer["description"]
        )
        if int(status) >= 400:
            assert set(answer["content"]) == {"application/problem+json"}
            for code, example in answer["content"]["application/problem+json"]["examples"].items():
                value = resolved(example)["value"]
                assert value["status"] == int(status) == PROBLEMS[code].status
                assert faults_of(value, {"$ref": "#/components/schemas/Problem"}) == []


def test_posts_take_a_key_and_nothing_else_does():
    for (method, path), operation in OPERATIONS.items():
        names = [resolved(one)["name"] for one in operation["parameters"]]
        assert ("Idempotency-Key" in names) == (method == "POST"), path


@pytest.mark.django_db
def test_it_is_served_without_a_key():
    answer = Api(None).get("/openapi.json")

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/json")
    assert answer.json() == DOCUMENT
