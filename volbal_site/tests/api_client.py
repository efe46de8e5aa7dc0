"""Calling `/v1` as a program would."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.api_keys import create_api_key
from accounts.models import Tenant
from accounts.transactions import unit_of_work
from positions.tests.builders import make_stamp

ALL_SCOPES = ("read", "trade", "broker", "admin")


def make_key(tenant: Tenant, *scopes: str) -> str:
    """Return the text of a new key, with all scopes unless some are named."""
    with unit_of_work():
        _, text = create_api_key(
            tenant_id=tenant.pk, scopes=scopes or ALL_SCOPES, name="test", stamp=make_stamp()
        )
    return text


class Api:
    """One key's view of the API; `call` takes a body as JSON-able data or as raw text."""

    def __init__(self, key: str | None) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {} if key is None else {"Authorization": f"Bearer {key}"}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        text = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        return self.client.generic(
            method,
            f"/v1{path}",
            text,
            content_type="application/json" if text else "",
            headers={**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )

    def get(self, path: str) -> HttpResponse:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None) -> HttpResponse:
        return self.call("POST", path, body)
