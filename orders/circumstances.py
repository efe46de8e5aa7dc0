"""What a decision needs to know beside the position and the quote: settings, orders, switches.

Read for one position on the path of a request, and for many at once on the schedule's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from configs.models import Scope
from configs.resolver import EffectiveConfig, SettingsOfMany, effective_config, settings_of_many
from market.calendar import is_open
from market.providers.registry import provider
from orders.broker_accounts import tenants_trading
from orders.brokers import broker_named
from orders.feeds import MANUAL_SOURCE
from orders.models import Order, TradingState, TradingSwitch
from orders.snapshot import Snapshot
from orders.switches import state_for, strictest
from positions.models import Position, PositionStatus
from volbal.fills import notional_of
from volbal.numbers import ZERO
from volbal.order_states import OPEN
from volbal.policy import check_config
from volbal.quotes import QuoteGate
from volbal.trading_day import trading_date
from volbal.values import DayActivity, Gates, MarketQuote, OrderPolicyConfig

REAL_BROKER_BPS = Decimal(20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Settings with their scopes, the orders that are open or of the day, and what the switches allow."""

    effective: EffectiveConfig
    orders: list[Order]
    state: TradingState


def circumstances_of(position: Position, at: datetime) -> Circumstances:
    """Read one position's circumstances at the aware time `at`."""
    return Circumstances(
        effective=effective_config(position),
        orders=Order.objects.open_or_of_day(position, trading_date(at)),
        state=TradingState.HALTED if _without_account([position]) else state_for(position),
    )


def circumstances_of_many(
    positions: Collection[Position], at: datetime, settings: SettingsOfMany | None = None
) -> dict[UUID, Circumstances]:
    """Read the circumstances of many positions, by id, in a fixed number of queries.

    `settings` spare one of these; they must have been read under the same locks.
    """
    if settings is None:
        settings = settings_of_many(positions)
    effective = {position.pk: settings.of(position) for position in positions}
    orders = _orders_of(effective, at)
    states = _states_over(positions)
    return {
        key: Circumstances(effective=effective[key], orders=orders[key], state=states[key])
        for key in effective
    }


def snapshot_in(
    circumstances: Circumstances,
    position: Position,
    quote: MarketQuote | None,
    at: datetime,
    gate: QuoteGate | None = None,
) -> Snapshot:
    """Return all that a decision about a position is made from; asks nothing.

    Raises InvalidConfig if the settings in the database make no sense.
    """
    effective = circumstances.effective
    check_config(effective.trigger, effective.guardrail, effective.order_policy)
    return Snapshot(
        position=position.state(),
        quote=quote,
        trigger=effective.trigger,
        guardrail=effective.guardrail,
        order_policy=_policy_for(effective.order_policy, position, quote),
        today=day_activity(circumstances.orders, at),
        gates=_gates(circumstances, position, quote, at, gate),
    )


def day_activity(orders: Iterable[Order], at: datetime) -> DayActivity:
    """Count today's orders that are open or have a fill; add up what is filled and what is reserved."""
    today = trading_date(at)
    counted = [o for o in orders if o.trading_date == today and (o.is_open or o.filled_qty)]
    notional = sum((o.filled_notional + _open_notional(o) for o in counted), ZERO)
    return DayActivity(orders=len(counted), notional=notional)


def _open_notional(order: Order) -> Decimal:
    if not order.is_open or order.price is None:
        return ZERO
    return notional_of(order.qty - order.filled_qty, order.price)


def _policy_for(
    policy: OrderPolicyConfig, position: Position, quote: MarketQuote | None
) -> OrderPolicyConfig:
    """Return the policy with the slippage to count on.

    It applies to market quotes; a price that somebody gave is taken at its word. A real market may move
    while the order is on its way, so there its cash cap keeps 20 bps more.
    """
    slippage = policy.slippage_bps
    if quote is not None and quote.source == MANUAL_SOURCE:
        slippage = ZERO
    if broker_named(position.broker).is_real:
        slippage += REAL_BROKER_BPS
    return policy if slippage == policy.slippage_bps else replace(policy, slippage_bps=slippage)


def _gates(
    circumstances: Circumstances,
    position: Position,
    quote: MarketQuote | None,
    at: datetime,
    gate: QuoteGate | None,
) -> Gates:
    gates = Gates(
        halted=circumstances.state == TradingState.HALTED,
        reducing=circumstances.state == TradingState.REDUCING,
        paused=position.status == PositionStatus.PAUSED,
        market_open=_is_in_session(position, quote, at),
        stale_quote=quote is None or (broker_named(position.broker).is_real and not quote.is_real),
        open_order=any(order.is_open for order in circumstances.orders),
    )
    return gates if gate is None else replace(gates, **{gate.value: True})


def _is_in_session(position: Position, quote: MarketQuote | None, at: datetime) -> bool:
    """A given price counts as inside the session on paper; a replayed bar proves that there was one."""
    if quote is not None and quote.source == MANUAL_SOURCE and not broker_named(position.broker).is_real:
        return True
    return provider(position.market_provider).is_confirmed or is_open(at)


def _orders_of(position_ids: Collection[UUID], at: datetime) -> dict[UUID, list[Order]]:
    mine = Order.objects.filter(position__in=position_ids)
    rows = mine.filter(trading_date=trading_date(at)).union(mine.filter(status__in=sorted(OPEN)))
    found: dict[UUID, list[Order]] = defaultdict(list)
    for order in rows:
        found[order.position_id].append(order)
    return found


def _states_over(positions: Collection[Position]) -> dict[UUID, TradingState]:
    """Return the strictest switch over each position."""
    stopped = TradingSwitch.objects.exclude(state=TradingState.ACTIVE)
    mine = Q(position__in=[position.pk for position in positions])
    tenants = Q(tenant__in={position.tenant_id for position in positions})
    rows = stopped.filter(Q(scope=Scope.GLOBAL) | tenants | mine)
    states: dict[UUID | None, str] = {}
    for tenant_id, position_id, state in rows.values_list("tenant_id", "position_id", "state"):
        states[position_id or tenant_id] = state
    return {
        position.pk: strictest(
            states[key] for key in (None, position.tenant_id, position.pk) if key in states
        )
        for position in positions
    } | {position_id: TradingState.HALTED for position_id in _without_account(positions)}


def _without_account(positions: Collection[Position]) -> set[UUID]:
    """Return the cells at a broker with accounts whose owner has none that may trade."""
    tenants = defaultdict(set)
    for position in positions:
        tenants[position.broker].add(position.tenant_id)
    trading = {broker: tenants_trading(broker, ids) for broker, ids in tenants.items()}
    return {position.pk for position in positions if position.tenant_id not in trading[position.broker]}
