"""How many statements each call takes: as many with thirty rows of everything as with one.

Counted is what reads or writes rows; not what begins and ends transactions, and not the locks that only
PostgreSQL has to be asked for. Every call but the open ones reads its key; a call that records events reads
and writes the head of their chain.
"""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from volbal_site.tests.busy_world import REQUESTS, World
from volbal_site.tests.test_api_edge import calls

pytestmark = pytest.mark.django_db

COUNTED = re.compile(r"\(?SELECT (?!pg_advisory)|DECLARE|INSERT|UPDATE|DELETE")
COUNTS = {
    "GET /v1/healthz": 1,
    "GET /v1/readyz": 4,
    "GET /v1/positions": 3,
    "POST /v1/positions": 14,
    "GET /v1/positions/{position_id}": 2,
    "PATCH /v1/positions/{position_id}": 7,
    "POST /v1/positions/{position_id}/anchor": 6,
    "POST /v1/positions/{position_id}/cash": 8,
    "POST /v1/positions/{position_id}/adjustments": 9,
    "POST /v1/positions/{position_id}/evaluate (holds)": 10,
    "POST /v1/positions/{position_id}/evaluate (keyed)": 12,
    "POST /v1/positions/{position_id}/evaluate (dry run)": 6,
    "POST /v1/positions/{position_id}/evaluate (on the market)": 10,
    "POST /v1/positions/{position_id}/evaluate (trades)": 21,
    "GET /v1/positions/{position_id}/events": 3,
    "GET /v1/positions/{position_id}/events/{event_id}/replay": 3,
    "GET /v1/positions/{position_id}/config": 3,
    "PUT /v1/positions/{position_id}/config": 14,
    "GET /v1/positions/{position_id}/orders": 4,
    "POST /v1/positions/{position_id}/orders (keyed)": 22,
    "GET /v1/trading": 3,
    "POST /v1/trading/halt": 9,
    "POST /v1/trading/unhalt": 8,
    "GET /v1/orders": 3,
    "GET /v1/orders/{order_id}": 2,
    "POST /v1/orders/{order_id}/cancel": 11,
    "POST /v1/orders/{order_id}/fill": 17,
    "GET /v1/dividends": 3,
    "POST /v1/dividends/announce (one cell)": 20,
    "POST /v1/dividends/pay (one cell)": 11,
    "GET /v1/dividends/receivables": 3,
    "POST /v1/splits (one cell)": 20,
    "GET /v1/commissions": 2,
    "PUT /v1/commissions": 8,
    "GET /v1/market/status": 1,
    "GET /v1/market/quotes": 1,
    "GET /v1/performance": 12,
    "GET /v1/positions/{position_id}/performance": 13,
    "POST /v1/histories": 2,
    "POST /v1/simulations": 3,
    "GET /v1/simulations": 3,
    "GET /v1/simulations/{simulation_id}": 4,
    "POST /v1/simulations/{simulation_id}/cancel": 2,
    "POST /v1/optimizations": 4,
    "GET /v1/optimizations": 3,
    "GET /v1/optimizations/{optimization_id}": 3,
    "POST /v1/optimizations/{optimization_id}/cancel": 2,
    **dict.fromkeys((call for call in REQUESTS if "/exports/" in call), 2),
}
# PostgreSQL keeps the bodies of triggers in a catalogue of their own.
MORE_ON_POSTGRESQL = {"GET /v1/readyz": 1}


def statements(world: World) -> dict[str, int]:
    """Make every call once and return how many statements each took."""
    found = {}
    for call, request in REQUESTS.items():
        address, *body = request(world)
        key = {"Idempotency_Key": call} if "(keyed)" in call else {}
        with CaptureQueriesContext(connection) as queries:
            answer = world.api.call(call.partition(" ")[0], address, *body, **key)
            content = answer.getvalue()  # an export reads on while it is sent
        assert answer.status_code < 300, (call, content)
        found[call] = sum(bool(COUNTED.match(query["sql"])) for query in queries)
    return found


@pytest.mark.parametrize("rows", [1, 30])
def test_every_call_takes_as_many_statements_as_the_table_says(rows):
    more = MORE_ON_POSTGRESQL if connection.vendor == "postgresql" else {}

    found = statements(World(rows))

    assert {call: n for call, n in found.items() if n != COUNTS[call] + more.get(call, 0)} == {}


def test_every_call_of_the_api_stands_in_the_table():
    told = {tuple(call.split(" ")[:2]) for call in COUNTS}

    assert told == calls()
    assert set(REQUESTS) == set(COUNTS)
