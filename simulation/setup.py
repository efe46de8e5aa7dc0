"""What a run starts from: cell, settings, fill model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from market.values import DayBar
from volbal.errors import OutOfRange
from volbal.fields import NO_LIMIT_WORD, read_setting
from volbal.fills import notional_of, require_in_range
from volbal.numbers import plain
from volbal.policy import check_config
from volbal.values import GuardrailConfig, OrderPolicyConfig, PositionState, TriggerConfig

DEFAULT_QTY = Decimal(100)


class FillModel(StrEnum):
    """Where a trade is filled: at the close it was decided on, or at the next session's open."""

    CLOSE = "close"
    NEXT_OPEN = "next_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The three configurations of a run."""

    trigger: TriggerConfig = field(default_factory=TriggerConfig)
    guardrail: GuardrailConfig = field(default_factory=GuardrailConfig)
    order_policy: OrderPolicyConfig = field(default_factory=OrderPolicyConfig)

    def by_group(self) -> dict[str, dict[str, Any]]:
        """Return every setting by group, as the configurations store them: `none` is no limit."""
        return {
            group: {name: NO_LIMIT_WORD if value is None else value for name, value in values.items()}
            for group, values in asdict(self).items()
        }


def settings_from(assignments: Iterable[str]) -> Settings:
    """Read `field=value` pairs over the defaults; the last one of a field wins.

    Raises UnknownField, InvalidNumber, OutOfRange or InvalidConfig.
    """
    changes: dict[str, dict[str, Any]] = {"trigger": {}, "guardrail": {}, "order_policy": {}}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise OutOfRange(f"--set {assignment[:60]}: write it as field=value.", field="set")
        group, value = read_setting(name.strip(), text.strip())
        changes[group][name.strip()] = value
    settings = Settings(
        trigger=replace(TriggerConfig(), **changes["trigger"]),
        guardrail=replace(GuardrailConfig(), **changes["guardrail"]),
        order_policy=replace(OrderPolicyConfig(), **changes["order_policy"]),
    )
    check_config(settings.trigger, settings.guardrail, settings.order_policy)
    return settings


def settings_as_facts(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the settings as plain JSON."""
    return {
        group: {name: plain(v) if isinstance(v, Decimal) else v for name, v in values.items()}
        for group, values in settings.by_group().items()
    }


def starting_state(
    ticker: str, first_bar: DayBar, *, qty: Decimal | None, cash: Decimal | None
) -> PositionState:
    """Return the cell at the first close: 100 shares and as much in cash unless said otherwise.

    Raises OutOfRange for more than the books keep.
    """
    shares = DEFAULT_QTY if qty is None else qty
    dollars = notional_of(shares, first_bar.close) if cash is None else cash
    return require_in_range(
        PositionState(ticker=ticker, qty=shares, cash=dollars, anchor_price=first_bar.close)
    )
