"""What a paper broker will do with an order, from its seed and the order's own numbers alone.

Neither ids nor the clock count, so a run repeats; nor does the mode, so that a disturbed run ends in the
books of an undisturbed one.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from random import Random

from orders.brokers.base import BrokerOrder
from volbal.fills import slipped_price
from volbal.numbers import ONE_SHARE_STEP, plain

FAULT_RATE = 0.4
# One call in so many goes well whatever the seed says, so that everything ends some day.
SPARED = 4


class Mode(StrEnum):
    """How a paper broker behaves: at once; bit by bit; bit by bit and over a bad line."""

    PERFECT = "perfect"
    REALISTIC = "realistic"
    HOSTILE = "hostile"


class Fault(StrEnum):
    """What becomes of one call. `LOST_` ones were not heeded, `DONE_` ones were; `LATE` is, afterwards."""

    NONE = "none"
    LOST_TIMEOUT = "lost_timeout"
    LOST_RESET = "lost_reset"
    LOST_500 = "lost_500"
    LOST_429 = "lost_429"
    DONE_TIMEOUT = "done_timeout"
    DONE_RESET = "done_reset"
    DONE_504 = "done_504"
    DONE_HTML = "done_html"
    DONE_DRIP = "done_drip"
    DONE_HUGE = "done_huge"
    LATE = "late"


FAULTS = tuple(fault for fault in Fault if fault is not Fault.NONE)
# Those that keep the caller waiting are rarer: a run has to end.
WEIGHTS = tuple(1 if fault in (Fault.LOST_TIMEOUT, Fault.DONE_TIMEOUT, Fault.LATE) else 3 for fault in FAULTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFill:
    """One execution to come: shares, price, and after how many looks at the order it shows."""

    qty: Decimal
    price: Decimal
    after_looks: int


def numbers_of(order: BrokerOrder) -> str:
    """Return what tells an order from others, but for its id."""
    return f"{order.ticker}/{order.side}/{plain(order.qty)}/{plain(order.price)}"


def plan_fills(order: BrokerOrder, *, seed: int, most_parts: int, mode: Mode) -> tuple[PlannedFill, ...]:
    """Cut an order into 1 to `most_parts` executions, the same ones in every mode."""
    key = numbers_of(order)
    parts = _parts(order.qty, _random(seed, "parts", key), most_parts)
    price = slipped_price(order.side, order.price, order.slippage_bps)
    patience = _random(seed, "looks", key)
    fills, looks = [], 0
    for qty in parts:
        looks += 0 if mode is Mode.PERFECT else patience.randint(0, 2)
        fills.append(PlannedFill(qty=qty, price=price, after_looks=looks))
    return tuple(fills)


def is_rejected(order: BrokerOrder, *, seed: int, reject_rate: float) -> bool:
    """Say whether an order is turned down."""
    return _random(seed, "reject", numbers_of(order)).random() < reject_rate


def plan_fault(call: str, key: str, count: int, *, seed: int, mode: Mode) -> Fault:
    """Choose what becomes of the `count`-th call of a kind about the same thing."""
    random = _random(seed, "fault", f"{call}/{key}/{count}")
    if mode is not Mode.HOSTILE or count % SPARED == 0 or random.random() >= FAULT_RATE:
        return Fault.NONE
    return random.choices(FAULTS, WEIGHTS)[0]


def disorder(count: int, *, seed: int, key: str, look: int) -> list[int]:
    """Return an order of `count` things in which each appears, and some twice."""
    random = _random(seed, "disorder", f"{key}/{look}")
    numbers = [*range(count), *random.choices(range(count), k=random.randint(0, 2))] if count else []
    random.shuffle(numbers)
    return numbers


def _parts(qty: Decimal, random: Random, most: int) -> list[Decimal]:
    parts, rest = [], qty
    for _ in range(random.randint(1, most) - 1):
        part = (rest * random.randint(20, 80) / 100).quantize(ONE_SHARE_STEP, ROUND_DOWN)
        if not 0 < part < rest:
            break
        parts.append(part)
        rest -= part
    return [*parts, rest]


def _random(seed: int, purpose: str, key: str) -> Random:
    return Random(f"{seed}/{purpose}/{key}")  # noqa: S311  it has to repeat
