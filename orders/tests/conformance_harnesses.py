"""The kit's hands on the brokers that there are, and four adapters that are wrong on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from orders.brokers.alpaca import AlpacaBroker
from orders.brokers.base import Broker, BrokerAnswer, BrokerOrder, Login, NoAnswer
from orders.brokers.conformance import OVER_A_LINE, Arrivals, Trouble
from orders.brokers.manual import ManualBroker
from orders.brokers.paper import PaperBroker
from orders.tests.alpaca_process import LOGIN, AlpacaProcess
from volbal.order_states import OrderStatus


@dataclass
class ServerHarness:
    """A broker behind a server of ours that takes plants, whichever language it speaks."""

    server: AlpacaProcess
    broker: Broker
    does_not_apply: Mapping[str, str] = field(default_factory=dict)

    def hold(self) -> None:
        self.server.plant("hold")

    def execute(self, client_order_id: str, execution_id: str, qty: Decimal, price: Decimal) -> None:
        said = {"client_order_id": client_order_id, "execution_id": execution_id}
        self.server.plant("execute", **said, qty=str(qty), price=str(price))

    def end(self, client_order_id: str, status: OrderStatus) -> None:
        self.server.plant("end", client_order_id=client_order_id, status=status)

    def reject_next(self) -> None:
        self.server.plant("reject")

    def trouble(self, *troubles: Trouble) -> None:
        self.server.plant("faults", faults=list(troubles))

    def skew(self, seconds: float) -> None:
        self.server.plant("clock", seconds=str(seconds))

    def arrivals(self, client_order_id: str) -> Arrivals:
        told = self.server.ask("/_counts")
        count = told["orders"][client_order_id]
        qty = Decimal(told["quantities"].get(client_order_id, 0))
        return Arrivals(arrived=count["arrived"], registered=count["registered"], qty=qty)


class InProcessHarness:
    """A broker without a server: nothing lies between it and us, so it is its own witness."""

    def __init__(self, broker: Broker, does_not_apply: Mapping[str, str]) -> None:
        self.broker, self.does_not_apply = broker, does_not_apply
        self.sent: list[BrokerOrder] = []
        self._submit = broker.submit
        broker.submit = self._watched  # type: ignore[method-assign]

    def arrivals(self, client_order_id: str) -> Arrivals:
        mine = [order for order in self.sent if order.client_order_id == client_order_id]
        return Arrivals(arrived=len(mine), registered=len(mine), qty=mine[0].qty)

    def _watched(self, order: BrokerOrder, *, at: datetime) -> BrokerAnswer:
        self.sent.append(order)
        return self._submit(order, at=at)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} can't be done here: declare the case as not applying")


def paper_harness() -> InProcessHarness:
    why = "it fills every order at once, in the caller's transaction: nothing is open there, nothing is lost"
    declared = {name: why for name in OVER_A_LINE}
    declared["cancel_unknown"] = "a cancel finds nothing open: every order is filled as soon as it is sent"
    return InProcessHarness(PaperBroker(), declared)


def manual_harness() -> InProcessHarness:
    why = "a person executes its orders and reports it; nothing is asked over a line"
    declared = {name: why for name in OVER_A_LINE}
    declared["cancel_unknown"] = "a cancel always goes through: nobody but us knows of a proposal"
    return InProcessHarness(ManualBroker(), declared)


class ResendsOn504(AlpacaBroker):
    """Wrong: it tries again by itself, as Alpaca's own client library does."""

    def submit(self, order: BrokerOrder, *, at: datetime) -> BrokerAnswer:
        try:
            return super().submit(order, at=at)
        except NoAnswer:
            return super().submit(order, at=at)


class LosesAPartialFill(AlpacaBroker):
    """Wrong: it tells the last execution alone."""

    def get(self, client_order_id: str) -> BrokerAnswer | None:
        answer = super().get(client_order_id)
        return answer and replace(answer, executions=answer.executions[-1:])


class InventsAnId(AlpacaBroker):
    """Wrong: it makes executions' ids up, by when it was told of them."""

    def get(self, client_order_id: str) -> BrokerAnswer | None:
        answer = super().get(client_order_id)
        now = datetime.now(UTC).isoformat()
        return answer and replace(
            answer,
            executions=tuple(
                replace(one, execution_id=f"{now}-{number}") for number, one in enumerate(answer.executions)
            ),
        )


class RoundsAQuantity(AlpacaBroker):
    """Wrong: it sends two places of a quantity, as one does for dollars."""

    def submit(self, order: BrokerOrder, *, at: datetime) -> BrokerAnswer:
        return super().submit(replace(order, qty=order.qty.quantize(Decimal("0.01"), ROUND_DOWN)), at=at)


def alpaca_harness(
    server: AlpacaProcess, kind: type[AlpacaBroker] = AlpacaBroker, login: Login = LOGIN
) -> ServerHarness:
    return ServerHarness(server, kind(login))
