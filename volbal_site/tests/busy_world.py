"""A tenant with many rows of everything, and one request for each call of the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.transactions import unit_of_work
from configs.tests.builders import set_position, set_rate
from dividends.tests.builders import announced, make_dividend, make_split, morning
from orders.models import TradingState
from orders.switches import turn
from orders.tests.builders import make_order, run_at, set_market
from positions.tests.builders import make_position, make_stamp, make_tenant
from simulation.optimizations import work_off_optimizations
from simulation.runs import work_off_simulations
from volbal.trading_day import trading_date
from volbal_site.tests.api_client import Api, make_key

NOW = timezone.now()
TODAY = trading_date(NOW)
DIVIDEND = {"ticker": "MMM", "ex_date": f"{TODAY}", "pay_date": f"{TODAY}", "dps": "0.5"}
SPLIT = {"ticker": "PG", "date": f"{TODAY}", "new_shares": 2, "old_shares": 1}
FILL = {"execution_id": "e1", "qty": "10", "price": "97"}
RUN = {"ticker": "IBM", "first_date": "2003-01-02", "last_date": "2003-06-30"}
GRID = {**RUN, "grid": {"up_threshold_pct": ["1", "2"]}}
HISTORY = {"ticker": "ACME", "bars": "date,open,high,low,close,volume\n2024-01-08,100,101,99,100.5,1200\n"}
ORDER = {"side": "BUY", "qty": "5", "price": "100"}


class World:
    """So many cells with settings and switches, and one that had as many trades and dividends (`busy`)."""

    def __init__(self, rows: int) -> None:
        self.tenant = make_tenant("ann")
        self.api = Api(make_key(self.tenant))
        self.position = make_position(self.tenant)
        self.busy = f"/positions/{self.position.pk}"
        set_position(self.position, "guardrail", max_orders_per_day="none")
        for number in range(rows):
            self._fill(number)
        morning(self.position, TODAY)
        set_market(100, at=NOW)

    def _fill(self, number: int) -> None:
        cell, day = make_position(self.tenant, ticker="KO"), TODAY - timedelta(days=number)
        set_position(cell, "trigger", up_threshold_pct=5)
        set_rate("TENANT_ASSET", "0.0002", self.tenant, f"T{number}")
        make_dividend("0.01", ex_date=day, pay_date=TODAY + timedelta(days=9))
        make_split(ticker=f"T{number}", on=day)
        run_at(self.position, 104 if number % 2 == 0 else 100, at=NOW)
        with unit_of_work():
            turn(TradingState.REDUCING, reason="test", stamp=make_stamp(), position_id=cell.pk)

    def run(self) -> str:
        """Return the path of a run that is done."""
        path = f"/simulations/{self.api.post('/simulations', RUN).json()['id']}"
        work_off_simulations(clock=timezone.now)
        return path

    def optimization(self) -> str:
        """Return the path of an optimization that is done."""
        path = f"/optimizations/{self.api.post('/optimizations', GRID).json()['id']}"
        work_off_optimizations(clock=timezone.now)
        return path

    def cell(self, ticker: str = "IBM") -> str:
        """Return the path of a cell that nothing was done with."""
        return f"/positions/{make_position(self.tenant, ticker=ticker).pk}"

    def order(self) -> str:
        """Return the path of a proposal that waits for its fill."""
        return f"/orders/{make_order(make_position(self.tenant, broker='manual'), status='new').pk}"

    def evaluation(self) -> str:
        """Return the path of an event."""
        return f"{self.busy}/events/{self.position.events.filter(type='position_evaluated').first().pk}"

    def taken_by_one_cell(self) -> str:
        """Return the id of a dividend that one cell has taken."""
        self.cell("MMM")
        return str(announced(self.tenant, ticker="MMM", on=TODAY, ex_date=TODAY, pay_date=TODAY).pk)

    def beside_one_cell(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body, and see to it that one cell is concerned."""
        self.cell(body["ticker"])
        return body


# What is sent for each call: address, and a body if it takes one. In brackets what is special about it.
REQUESTS: dict[str, Callable[[World], tuple[Any, ...]]] = {
    "GET /v1/healthz": lambda w: ("/healthz",),
    "GET /v1/readyz": lambda w: ("/readyz",),
    "GET /v1/positions": lambda w: ("/positions?limit=500",),
    "POST /v1/positions": lambda w: ("/positions", {"ticker": "IBM", "qty": "1", "cash": "1"}),
    "GET /v1/positions/{position_id}": lambda w: (w.busy,),
    "PATCH /v1/positions/{position_id}": lambda w: (w.cell(), {"status": "paused"}),
    "POST /v1/positions/{position_id}/anchor": lambda w: (w.cell() + "/anchor", {"price": "90"}),
    "POST /v1/positions/{position_id}/cash": lambda w: (w.cell() + "/cash", {"amount": "90"}),
    "POST /v1/positions/{position_id}/adjustments": lambda w: (
        w.cell() + "/adjustments",
        {"cash": "1", "reason": "test"},
    ),
    "POST /v1/positions/{position_id}/evaluate (holds)": lambda w: (w.busy + "/evaluate?price=101",),
    "POST /v1/positions/{position_id}/evaluate (keyed)": lambda w: (w.busy + "/evaluate?price=101",),
    "POST /v1/positions/{position_id}/evaluate (dry run)": lambda w: (
        w.busy + "/evaluate?price=101&dry_run=true",
    ),
    "POST /v1/positions/{position_id}/evaluate (on the market)": lambda w: (w.busy + "/evaluate",),
    "POST /v1/positions/{position_id}/evaluate (trades)": lambda w: (w.busy + "/evaluate?price=130",),
    "GET /v1/positions/{position_id}/events": lambda w: (w.busy + "/events?limit=500",),
    "GET /v1/positions/{position_id}/events/{event_id}/replay": lambda w: (w.evaluation() + "/replay",),
    "GET /v1/positions/{position_id}/config": lambda w: (w.busy + "/config",),
    "PUT /v1/positions/{position_id}/config": lambda w: (
        w.cell() + "/config",
        {"trigger": {"up_threshold_pct": "4"}},
    ),
    "GET /v1/positions/{position_id}/orders": lambda w: (w.busy + "/orders?limit=500",),
    "POST /v1/positions/{position_id}/orders (keyed)": lambda w: (w.cell() + "/orders", ORDER),
    "GET /v1/trading": lambda w: ("/trading?limit=500",),
    "POST /v1/trading/halt": lambda w: ("/trading/halt", {"reason": "test"}),
    "POST /v1/trading/unhalt": lambda w: ("/trading/unhalt", {"reason": "test"}),
    "GET /v1/orders": lambda w: ("/orders?limit=500",),
    "GET /v1/orders/{order_id}": lambda w: (w.order(),),
    "POST /v1/orders/{order_id}/cancel": lambda w: (w.order() + "/cancel",),
    "POST /v1/orders/{order_id}/fill": lambda w: (w.order() + "/fill", FILL),
    "GET /v1/dividends": lambda w: ("/dividends?limit=500",),
    "POST /v1/dividends/announce (one cell)": lambda w: (
        "/dividends/announce",
        w.beside_one_cell({**DIVIDEND, "ticker": "V"}),
    ),
    "POST /v1/dividends/pay (one cell)": lambda w: (
        "/dividends/pay",
        {"dividend_id": w.taken_by_one_cell()},
    ),
    "GET /v1/dividends/receivables": lambda w: ("/dividends/receivables?limit=500",),
    "POST /v1/splits (one cell)": lambda w: ("/splits", w.beside_one_cell(SPLIT)),
    "GET /v1/commissions": lambda w: ("/commissions?limit=500",),
    "PUT /v1/commissions": lambda w: ("/commissions", {"scope": "TENANT", "rate": "0.001"}),
    "GET /v1/market/status": lambda w: ("/market/status",),
    "GET /v1/market/quotes": lambda w: ("/market/quotes?tickers=IBM,MSFT",),
    "GET /v1/performance": lambda w: ("/performance?limit=500",),
    "GET /v1/positions/{position_id}/performance": lambda w: (w.busy + "/performance",),
    "POST /v1/histories": lambda w: ("/histories", HISTORY),
    "POST /v1/simulations": lambda w: ("/simulations", RUN),
    "GET /v1/simulations": lambda w: ("/simulations?limit=500",),
    "GET /v1/simulations/{simulation_id}": lambda w: (w.run(),),
    "POST /v1/simulations/{simulation_id}/cancel": lambda w: (w.run() + "/cancel",),
    "POST /v1/optimizations": lambda w: ("/optimizations", GRID),
    "GET /v1/optimizations": lambda w: ("/optimizations?limit=500",),
    "GET /v1/optimizations/{optimization_id}": lambda w: (w.optimization(),),
    "POST /v1/optimizations/{optimization_id}/cancel": lambda w: (w.optimization() + "/cancel",),
    **{
        f"GET /v1/exports/{name}.{form}": lambda w, name=name, form=form: (f"/exports/{name}.{form}",)
        for name in ("positions", "trades", "events", "journal", "dividends")
        for form in ("csv", "xlsx")
    },
}
