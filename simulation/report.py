"""A run in numbers, as JSON; the same shape for `simulate` and `replay`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from market.values import DayBar, History
from simulation.fold import Run, SimulatedTrade, value_of
from simulation.holding import hold
from simulation.metrics import Metrics, metrics_of, yardstick_of
from simulation.series import Series, series_of
from volbal.numbers import ZERO, plain
from volbal.values import GuardrailConfig, PositionState

DEFAULT_GUARDRAIL = GuardrailConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Where a run began and ended and what it did on the way. Amounts in dollars, net dividends paid."""

    ticker: str
    bars: Sequence[DayBar]
    start: PositionState
    final: PositionState
    trades: Sequence[SimulatedTrade]
    dividends_received: Decimal
    hold_final: PositionState
    metrics: Metrics

    @property
    def value(self) -> Decimal:
        """What the cell is worth at the last close."""
        return value_of(self.final, self.bars[-1].close)

    @property
    def hold_value(self) -> Decimal:
        """What it would be worth had nothing been traded."""
        return value_of(self.hold_final, self.bars[-1].close)

    @property
    def commissions(self) -> Decimal:
        """All commissions paid."""
        return sum((trade.commission for trade in self.trades), ZERO)


def result_of(
    history: History,
    start: PositionState,
    run: Run,
    guardrail: GuardrailConfig = DEFAULT_GUARDRAIL,
    series: Series | None = None,
) -> Result:
    """Put a run beside holding the same start over the same history. `series` is the history laid out."""
    yardstick = yardstick_of(series_of(history) if series is None else series, start)
    return Result(
        ticker=history.ticker,
        bars=history.bars,
        start=start,
        final=run.final,
        trades=run.trades,
        dividends_received=run.dividends_received,
        hold_final=hold(history, start),
        metrics=metrics_of(start, run, guardrail, yardstick),
    )


def as_json(result: Result) -> dict[str, Any]:
    """Return the run as plain JSON; decimals are strings."""
    return {
        "ticker": result.ticker,
        "from": result.bars[0].date.isoformat(),
        "to": result.bars[-1].date.isoformat(),
        "bars": len(result.bars),
        "trades": [trade_as_json(trade) for trade in result.trades],
        "final": final_as_json(result.final, result.value),
        "metrics": metrics_as_json(result.metrics),
    }


def final_as_json(final: PositionState, value: Decimal) -> dict[str, str | None]:
    """Return where a run ended as plain JSON."""
    return {
        "qty": plain(final.qty),
        "cash": plain(final.cash),
        "dividend_receivable": plain(final.dividend_receivable),
        "anchor_price": None if final.anchor_price is None else plain(final.anchor_price),
        "value": plain(value),
    }


def metrics_as_json(metrics: Metrics) -> dict[str, str | int | None]:
    """Return figures as plain JSON; null is "not enough data"."""
    return {name: _json_number(number) for name, number in metrics.items()}


def trade_as_json(trade: SimulatedTrade) -> dict[str, str]:
    """Return one trade as plain JSON."""
    return {
        "date": trade.date.isoformat(),
        "side": trade.side.value,
        "qty": plain(trade.qty),
        "price": plain(trade.price),
        "commission": plain(trade.commission),
    }


def _json_number(number: Decimal | int | None) -> str | int | None:
    return plain(number) if isinstance(number, Decimal) else number
