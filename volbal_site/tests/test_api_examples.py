"""The examples in the API's document are what the API really answers: one story, told call by call.

`make openapi` tells it again and keeps what was answered in volbal_site/openapi_examples.json. A new call
needs a line in `story`.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from market.providers.registry import provider
from positions.tests.builders import make_tenant
from simulation.optimizations import work_off_optimizations
from simulation.runs import work_off_simulations
from volbal.trading_day import trading_date
from volbal_site import openapi
from volbal_site.openapi_parts import EXAMPLE_ID
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db

FILE = Path(openapi.__file__).with_name("openapi_examples.json")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOMENT = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"')
DAY = re.compile(r'"(\d{4}-\d\d-\d\d)"')
SIGNATURE = re.compile(r'(?<="request_signature": ")[0-9a-f]{64}')
KEY = re.compile(r"key:[0-9a-f]{16}")


class Story:
    """Calls the API and keeps what was said the first time a call was made."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.told: dict[str, Any] = {}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.api.call(method, path, body, X_Request_ID=EXAMPLE_ID, **headers)
        assert answer.status_code < 300, (method, path, answer.content)
        route = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", answer.resolver_match.route)
        if body is not None:
            self.told.setdefault(f"{method} /{route}", body)
        self.told.setdefault(f"{method} /{route} {answer.status_code}", answer.json())
        return answer.json()

    def tell_part(self, method: str, path: str, **shortened: int) -> None:
        """Make a call whose lists are long, and keep so many of each."""
        self(method, path)
        kept = list(self.told.values())[-1]
        kept |= {name: kept[name][:count] for name, count in shortened.items()}


def story(say: Story) -> None:
    """A hundred shares of IBM and ten thousand dollars; the price rises from 100 to 104."""
    say("GET", "/healthz")
    say("GET", "/readyz")
    cell = say("POST", "/positions", {"ticker": "IBM", "qty": "100", "cash": "10000", "anchor_price": "100"})
    path = f"/positions/{cell['id']}"
    say("GET", "/positions")
    say("GET", path)
    say("GET", f"{path}/config")
    sale = say("POST", f"{path}/evaluate?price=104")
    say("GET", f"{path}/events?limit=2")
    say("GET", f"{path}/events/{sale['event_id']}/replay")
    say("GET", f"{path}/orders")
    say("GET", "/orders")
    say("GET", f"/orders/{sale['order']['id']}")
    say("POST", f"{path}/cash", {"amount": "500"})
    say("POST", f"{path}/adjustments", {"cash": "-0.25", "reason": "a fee of the broker"})
    say("GET", f"{path}/performance")
    say("GET", "/performance")
    say("POST", f"{path}/anchor", {"price": "103.5"})
    say("PUT", f"{path}/config", {"trigger": {"up_threshold_pct": "5"}})
    say("PATCH", path, {"status": "paused"})
    _by_hand(say)
    _dividends(say)
    _market(say)
    _simulations(say)


def _by_hand(say: Story) -> None:
    """The same cell with a person for a broker: one order is reported as executed, one is cancelled."""
    cell = {"ticker": "IBM", "qty": "100", "cash": "10000", "anchor_price": "100", "broker": "manual"}
    path = f"/positions/{say('POST', '/positions', cell)['id']}"
    order = say("POST", f"{path}/evaluate?price=104")["order"]
    execution = {
        "execution_id": "E-1001",
        "qty": order["qty"],
        "price": "104.02",
        "commission": "0.13",
        "executed_at": "2024-01-08T16:00:05Z",
    }
    say("POST", f"/orders/{order['id']}/fill", execution)
    order = say(
        "POST",
        f"{path}/orders",
        {"side": "SELL", "qty": "10", "price": "109"},
        Idempotency_Key="2024-01-08-s-1",
    )
    say("POST", f"/orders/{order['id']}/cancel")
    say("POST", "/trading/halt", {"reason": "the feed looks wrong"})
    say("POST", "/trading/unhalt", {"reason": "the feed is right again"})
    say("GET", "/trading")


def _dividends(say: Story) -> None:
    """Another tenant's hundred shares of IBM: 0.82 a share, a quarter of it withheld."""
    say.api = Api(make_key(make_tenant("bea")))
    say("POST", "/positions", {"ticker": "IBM", "qty": "100", "cash": "10000", "anchor_price": "150"})
    dates = {"ex_date": "2024-01-08", "pay_date": "2024-01-10"}
    dividend = say("POST", "/dividends/announce", {"ticker": "IBM", "dps": "0.82", **dates})
    say("GET", "/dividends?ticker=IBM")
    say("POST", "/dividends/pay", {"dividend_id": dividend["id"]})
    say("GET", "/dividends/receivables")
    say("POST", "/splits", {"ticker": "IBM", "date": "2024-01-09", "new_shares": 2, "old_shares": 1})


def _market(say: Story) -> None:
    provider().set_price("IBM", Decimal("150.25"), datetime(2024, 1, 8, 16, 0, tzinfo=UTC))
    say("GET", "/market/status?at=2024-01-08T16:00:00Z")
    say("GET", "/market/quotes?tickers=IBM")
    say("PUT", "/commissions", {"scope": "TENANT_ASSET", "ticker": "IBM", "rate": "0.0002"})
    say("GET", "/commissions")


def _simulations(say: Story) -> None:
    """A year of IBM, run once and then with nine settings, from a hundred shares."""
    bars = ["date,open,high,low,close,volume", "2024-01-08,100,101,99,100.5,1200", ""]
    say("POST", "/histories", {"ticker": "ACME", "bars": "\n".join(bars)})
    year = {"ticker": "IBM", "first_date": "2004-01-02", "last_date": "2004-12-31", "qty": "100"}
    settings = {"trigger": {"up_threshold_pct": "4", "down_threshold_pct": "4"}}
    run = say("POST", "/simulations", {**year, "cash": "10000", "fill": "close", "settings": settings})
    grid = {"up_threshold_pct": ["2", "4", "6"], "down_threshold_pct": ["2", "4", "6"]}
    tried = say("POST", "/optimizations", {**year, "grid": grid, "rank_by": "excess_ratio", "folds": 2})
    work_off_simulations(clock=timezone.now)
    work_off_optimizations(clock=timezone.now)
    say("GET", "/simulations")
    say.tell_part("GET", f"/simulations/{run['id']}", trades=2, value_curve=2)
    say("GET", "/optimizations")
    say("GET", f"/optimizations/{tried['id']}?limit=1")
    say("POST", f"/simulations/{run['id']}/cancel")
    say("POST", f"/optimizations/{tried['id']}/cancel")


def written(told: dict[str, Any]) -> str:
    """Return the story with ids, keys and times of one's own instead of today's."""
    ids: dict[str, str] = {EXAMPLE_ID: EXAMPLE_ID}
    for found in UUID.findall(json.dumps(told)):
        ids.setdefault(found, str(uuid.uuid5(uuid.NAMESPACE_URL, f"volbal-example-{len(ids)}")))
    text = json.dumps(told, indent=1, sort_keys=True)
    text = UUID.sub(lambda found: ids[found[0]], SIGNATURE.sub("9f86d081" * 8, text))
    text = DAY.sub(_a_fixed_day, text)
    return MOMENT.sub(_a_fixed_time, KEY.sub("key:1f0e2d3c4b5a6978", text)) + "\n"


def _a_fixed_time(found: re.Match[str]) -> str:
    now = datetime.now(UTC)
    is_now = abs(now - datetime.fromisoformat(found[1])) < timedelta(hours=1)
    return '"2024-01-08T16:00:00.000Z"' if is_now else found[0]


def _a_fixed_day(found: re.Match[str]) -> str:
    now = datetime.now(UTC)
    today = {trading_date(now - timedelta(hours=1)), trading_date(now)}
    return '"2024-01-08"' if date.fromisoformat(found[1]) in today else found[0]


def test_the_examples_are_what_the_api_answers():
    say = Story(Api(make_key(make_tenant("ann"))))

    story(say)

    if os.environ.get("RENEW_EXAMPLES"):
        FILE.write_text(written(say.told))
    kept = json.loads(FILE.read_text())
    told = json.loads(written(say.told))
    assert {name: kept.get(name) for name in told} == told, "make openapi renews the examples"
