"""Judging an order that is done: did it leave the guardrails behind?"""

from __future__ import annotations

from accounts.transactions import Stamp
from configs.resolver import effective_config
from market.providers.registry import provider
from orders.models import Order
from positions.event_types import EventType
from positions.events import record_event
from positions.services import pause
from volbal.guardrails import GuardrailEvaluator
from volbal.numbers import ZERO, plain
from volbal.values import GuardrailConfig, PositionState, Side


def judge_finished(order: Order, guardrail: GuardrailConfig | None, *, stamp: Stamp) -> None:
    """Record a breach when a locked, finished order left the band further behind, and pause the position.

    Without `guardrail` the settings in force judge. On replayed history a breach is recorded only.
    Source: docs/strategy.md, "After a fill".
    """
    if not order.filled_qty or order.avg_fill_price is None:
        return
    position = order.position
    verdict = GuardrailEvaluator.validate_after_fill(
        _state_before(order),
        Side(order.side),
        order.filled_qty,
        order.avg_fill_price,
        order.commission,
        guardrail or effective_config(position).guardrail,
    )
    if not verdict.breached:
        return
    record_event(
        position,
        EventType.GUARDRAIL_BREACHED,
        f"The order left stock at {plain(verdict.stock_pct_after or ZERO)} %, outside the guardrails.",
        stamp=stamp,
        inputs=order.facts(),
        outputs={"stock_pct_before": verdict.stock_pct_before, "stock_pct_after": verdict.stock_pct_after},
    )
    if not provider(position.market_provider).is_confirmed:
        pause(position, "an order left the guardrails behind", stamp=stamp)


def _state_before(order: Order) -> PositionState:
    """Return the position as it would be without the order's fills."""
    position, sign = order.position, 1 if order.side == Side.BUY else -1
    return PositionState(
        ticker=position.ticker,
        qty=position.qty - sign * order.filled_qty,
        cash=position.cash + sign * order.filled_notional + order.commission,
        dividend_receivable=position.dividend_receivable,
        anchor_price=position.anchor_price,
    )
