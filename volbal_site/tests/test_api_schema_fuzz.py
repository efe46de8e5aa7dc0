"""Requests made up from the API's document, right and wrong ones: no 5xx, and no answer that it doesn't name.

A few hundred with every `make test`, thousands with `make faults`; always the same ones.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as conformance

from accounts.models import Scope, Tenant
from orders.ledger import order_faults, reservation_faults
from positions.ledger import journal_faults
from volbal_site.openapi_parts import COMPONENTS
from volbal_site.tests.api_client import make_key
from volbal_site.tests.wire import on_the_tests_connection
from volbal_site.tests.world import RANDOM_ID, make_world, operations

pytestmark = pytest.mark.django_db

CHECKS = [
    not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_headers_conformance,
    conformance.response_schema_conformance,
    conformance.negative_data_rejection,
]
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
WHO = [*Scope.values, "nobody", "garbage"]

LABELS = [" ".join(call) for call in sorted(operations())]

each_call = pytest.mark.parametrize("label", LABELS)


@dataclass(frozen=True)
class Caller:
    """Ids that exist, and a header for each kind of key."""

    ids: dict[str, str]
    keys: dict[str, str]

    def headers(self, who: str) -> dict[str, str]:
        return {} if who == "nobody" else {"Authorization": f"Bearer {self.keys[who]}"}


@pytest.fixture(scope="module")
def caller(shared: Any) -> Any:
    return shared(make_caller)


def make_caller() -> Caller:
    world = make_world()
    tenant = Tenant.objects.get(name="ann")
    keys = {"all": make_key(tenant), **{scope: make_key(tenant, scope) for scope in Scope.values}}
    return Caller(ids=world.ids, keys={**keys, "garbage": "vb_x_y"})


@pytest.fixture(scope="module")
def document() -> Any:
    return schemathesis.openapi.from_wsgi("/v1/openapi.json", on_the_tests_connection)


def ids_of(operation: Any, caller: Caller, known: bool) -> dict[str, str]:
    return {
        name: value if known else RANDOM_ID for name, value in caller.ids.items() if name in operation.path
    }


def undocumented_code(operation: Any, response: Any) -> str | None:
    """Return the code of a refusal that the document doesn't name for this call and status."""
    if response.status_code < 400:
        return None
    answer = operations()[operation.method.upper(), operation.path]["responses"][str(response.status_code)]
    code = json.loads(response.content)["type"].rsplit("/", 1)[1]
    return None if f"`{code}`" in described(answer) else code


def described(answer: dict[str, Any]) -> str:
    name = answer.get("$ref", "").rsplit("/", 1)[-1]
    return str((COMPONENTS["responses"][name] if name else answer)["description"])


def fuzz(document: Any, label: str, caller: Caller, in_all: int) -> None:
    """Send one call its part of so many requests, right and wrong ones, mostly under a key that may."""
    operation = document.find_operation_by_label(label)

    @settings(
        max_examples=max(5, in_all // len(LABELS)),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def one(data: st.DataObject) -> None:
        mode = data.draw(st.sampled_from(MODES))
        known = data.draw(st.integers(0, 9)) > 0
        who = data.draw(st.sampled_from(["all"] * 12 + WHO))
        case = data.draw(
            operation.as_strategy(
                generation_mode=mode,
                path_parameters=ids_of(operation, caller, known),
                headers=caller.headers(who),
            )
        )
        response = case.call()
        case.validate_response(response, checks=CHECKS)
        assert undocumented_code(operation, response) is None

    random.seed(0)
    one()
    assert [*journal_faults(), *order_faults(), *reservation_faults()] == []


@each_call
def test_no_answer_is_outside_the_document(document, label, caller):
    fuzz(document, label, caller, in_all=400)


@pytest.mark.faults
@pytest.mark.quick
@each_call
def test_nor_is_it_in_two_thousand_answers(document, label, caller):
    fuzz(document, label, caller, in_all=2_000)


@pytest.mark.faults
@each_call
def test_nor_is_it_in_twenty_thousand(document, label, caller):
    fuzz(document, label, caller, in_all=20_000)
