"""A tenant with one of everything that has an id, for tests that go through all calls of the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

from positions.tests.builders import everything_written, make_position, make_tenant
from volbal_site.api import api as ninja_api
from volbal_site.openapi import EXAMPLES
from volbal_site.tests.api_client import Api, make_key

RANDOM_ID = "7e57ab1e-0000-4000-8000-000000000007"
OURS = tuple(
    name for name in settings.INSTALLED_APPS if "." not in name and name not in ("ninja", "volbal_site")
)


HISTORY = {
    "ticker": "IBM",
    "bars": "date,open,high,low,close,volume\n2024-01-08,100,101,99,100,1200\n",
}


@dataclass(frozen=True)
class World:
    """A tenant, its key's view of the API, and an id for every parameter of every path."""

    api: Api
    ids: dict[str, str]

    def address(self, path: str) -> str:
        """Fill a path of the document with this tenant's ids."""
        return filled_in(path, self.ids)

    def url(self, method: str, path: str, query: str = "") -> str:
        """Fill a path, and add the parameters that the call can't do without, but for those in `query`."""
        required = [
            f"{one['name']}={one['example']}"
            for one in operations()[method, path]["parameters"]
            if one.get("in") == "query" and one["required"] and f"{one['name']}=" not in query
        ]
        return f"{self.address(path)}?{'&'.join([*required, *filter(None, [query])])}".removesuffix("?")


def make_world(name: str = "ann") -> World:
    """Make a tenant with a cell whose evaluation at 104 has left a proposal to sell."""
    tenant = make_tenant(name)
    api = Api(make_key(tenant))
    cell = make_position(tenant=tenant, broker="manual")
    evaluation = api.post(f"/positions/{cell.pk}/evaluate?price=104").json()
    terms = {"ticker": "KO", "dps": "0.5", "ex_date": "2024-01-08", "pay_date": "2024-01-10"}
    dividend = api.post("/dividends/announce", terms).json()
    asked = {"ticker": "IBM", "first_date": "2003-01-02", "last_date": "2003-01-31"}
    return World(
        api=api,
        ids={
            "position_id": str(cell.pk),
            "event_id": evaluation["event_id"],
            "order_id": evaluation["order"]["id"],
            "dividend_id": dividend["id"],
            "simulation_id": api.post("/simulations", asked).json()["id"],
            "optimization_id": api.post(
                "/optimizations", {**asked, "grid": {"up_threshold_pct": ["2", "3"]}}
            ).json()["id"],
            "history_id": api.post("/histories", HISTORY).json()["id"],
        },
    )


def filled_in(path: str, ids: dict[str, str]) -> str:
    """Return a path under /v1 with its ids; a parameter that has none here belongs into `make_world`."""
    return path.format(**ids).removeprefix("/v1")


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Return every call of the API's document, by method and path."""
    paths = ninja_api.get_openapi_schema()["paths"]
    return {(method.upper(), path): call for path, item in paths.items() for method, call in item.items()}


def body_of(method: str, path: str) -> Any:
    """Return the body of the document's example, None if the call takes none."""
    return EXAMPLES.get(f"{method} {path}")


def schema_of(call: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of a call's body, by name."""
    content = call.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
    schemas = ninja_api.get_openapi_schema()["components"]["schemas"]
    found: dict[str, Any] = schemas.get(name, {}).get("properties", {})
    return found


def all_rows() -> tuple[object, ...]:
    """Return what any write to any table of ours changes, to compare before and after."""
    tables = [model._meta.db_table for name in OURS for model in apps.get_app_config(name).get_models()]
    with connection.cursor() as cursor:  # one statement: attacks look here twice a test
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', COUNT(*) FROM {table}" for table in tables))
        return (*everything_written(), dict(cursor.fetchall()))
