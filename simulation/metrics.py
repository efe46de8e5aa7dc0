"""A run in numbers, beside holding the same start. Definitions: docs/metrics.md, "A simulation"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from simulation.curve import Course, brought_in, course_of, traded_notional
from simulation.fold import Run, SimulatedTrade
from simulation.series import Series
from simulation.statistics import Statistics, statistics_of
from volbal.numbers import ZERO, exact, to_six, to_twelve
from volbal.quiet_band import prices_inside
from volbal.values import GuardrailConfig, PositionState

Metrics = dict[str, Decimal | int | None]

# Those that say how good a run was, with whether more is better.
RANKED = {
    "total_return_pct": True,
    "annual_return_pct": True,
    "sharpe_ratio": True,
    "sortino_ratio": True,
    "value_minus_hold": True,
    "max_drawdown_pct": False,
    "volatility_pct": False,
    "turnover_pct": False,
    "commissions": False,
    "inside_guardrails_pct": True,
    "trade_count": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """What just holding came to: shared by all runs of one start over one history."""

    course: Course
    values: Sequence[float]
    value: Decimal
    statistics: Statistics


def yardstick_of(series: Series, start: PositionState) -> Yardstick:
    """Follow the same start without a trade."""
    course = course_of(series, start, ())
    values = course.float_values()
    return Yardstick(
        course=course,
        values=values,
        value=_last_value(course),
        statistics=statistics_of(values, series.days[0], series.days[-1]),
    )


def metrics_of(
    start: PositionState,
    run: Run,
    guardrail: GuardrailConfig,
    yardstick: Yardstick,
    course: Course | None = None,
) -> Metrics:
    """Return the figures of a run: dollars, percent points, ratios, counts; None is "not enough data"."""
    series = yardstick.course.series
    course = course_of(series, start, run.trades) if course is None else course
    values = course.float_values()
    statistics = statistics_of(values, series.days[0], series.days[-1])
    with exact():
        start_value = to_six(start.qty * series.closes[0]) + start.get_effective_cash()
        value, hold_value = _last_value(course), yardstick.value
        return {
            "trade_count": len(run.trades),
            "commissions": _commissions(run.trades),
            "dividends_received": run.dividends_received,
            "start_value": start_value,
            "hold_value": hold_value,
            "total_return_pct": _gain_pct(start_value, value),
            "hold_return_pct": _gain_pct(start_value, hold_value),
            "value_minus_hold": value - hold_value,
            **_told(statistics, ""),
            **_told(yardstick.statistics, "hold_"),
            "turnover_pct": _turnover_pct(run.trades, values),
            "inside_guardrails_pct": inside_guardrails_pct(course, guardrail),
            **_attribution(run.trades, course, yardstick.course),
        }


def inside_guardrails_pct(course: Course, guardrail: GuardrailConfig) -> Decimal:
    """Return the share of closes at which the stock %, after that day's trading, lay between the rails."""
    ticks, inside = course.series.ticks, 0
    for span, qty, dollars in course.spans():
        rails = prices_inside(qty, dollars, guardrail)
        if rails is not None:
            first, last = rails
            inside += sum(first <= tick <= last for tick in ticks[span.start : span.stop])
    return to_twelve(Decimal(100 * inside) / len(ticks))


def _attribution(trades: Sequence[SimulatedTrade], course: Course, hold: Course) -> Metrics:
    """Tell `value_minus_hold` apart: trading - commissions + dividends, with nothing left over."""
    price = course.series.closes[-1]
    stock, held = to_six(course.steps[-1].qty * price), to_six(hold.steps[-1].qty * price)
    return {
        "from_trading": stock - held + brought_in(trades),
        "from_commissions": -_commissions(trades),
        "from_dividends": course.dividends - hold.dividends,
    }


def _told(statistics: Statistics, prefix: str) -> Metrics:
    names = (
        "annual_return_pct",
        "volatility_pct",
        "sharpe_ratio",
        "sortino_ratio",
        "max_drawdown_pct",
    )
    return {f"{prefix}{name}": decimal_of(getattr(statistics, name)) for name in names}


def decimal_of(number: float | None) -> Decimal | None:
    """Return a figure to the 12 places that are told."""
    return None if number is None else to_twelve(Decimal(number))


def _commissions(trades: Sequence[SimulatedTrade]) -> Decimal:
    return sum((trade.commission for trade in trades), ZERO)


def _turnover_pct(trades: Sequence[SimulatedTrade], values: Sequence[float]) -> Decimal | None:
    """Return all notional traded as a percentage of the mean value."""
    mean = sum(values) / len(values)
    return decimal_of(float(traded_notional(trades)) / mean * 100) if mean > 0 else None


def _gain_pct(start: Decimal, end: Decimal) -> Decimal | None:
    return to_twelve((end - start) * 100 / start) if start else None


def _last_value(course: Course) -> Decimal:
    with exact():
        last = course.steps[-1]
        return to_six(last.qty * course.series.closes[-1]) + last.dollars
