"""Which quotes of a live feed to trust. Values in, a verdict out; the service keeps what is remembered.

Source: docs/strategy.md, "Quotes to trust".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from volbal.numbers import ZERO, in_exact_context
from volbal.trading_day import trading_date

# Fractions of the price that is compared with.
JUMP = Decimal("0.2")
SIGMAS = Decimal(10)
SAME_PRICE = Decimal("0.05")
NEAR_SPLIT = Decimal("0.1")
NEAR_HUNDRED = Decimal("0.2")

HUNDRED = Decimal(100)
COMMON_SPLITS = ((2, 1), (3, 1), (3, 2), (4, 1), (5, 1), (10, 1), (20, 1))
FEWEST_MOVES = 10
RECENT_MOVES = 20
LONGEST_AHEAD = timedelta(minutes=1)


class QuoteGate(StrEnum):
    """Why a quote is not to be traded on; the names are those of the gates of a decision."""

    STALE = "stale_quote"
    OUTLIER = "outlier_quote"
    SPLIT = "split_suspected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A price in dollars per share, and the aware time at which it was true."""

    price: Decimal
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A price that jumped: an outlier waits for a second sighting, a suspected split for a person."""

    price: Decimal
    as_of: datetime
    gate: QuoteGate


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceStep:
    """A corporate action that explains a step of the price on `date`: a split, a dividend, or both."""

    date: date
    new_shares: int = 1
    old_shares: int = 1
    dps: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteMemory:
    """What is remembered of a ticker: the last price accepted, and one that is in doubt."""

    accepted: Sighting | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """No gate means that the quote is accepted. `memory` is what to remember from now on."""

    gate: QuoteGate | None
    memory: QuoteMemory


def is_price(price: Decimal) -> bool:
    """Return whether this can be a price at all: finite and above zero."""
    return price.is_finite() and price > 0


def is_stale(as_of: datetime, *, at: datetime, max_age: timedelta, session_open: bool) -> bool:
    """Return whether a quote is too old to trade on at `at`, or bears a time that has not come yet.

    Outside the session the last price is the last price, however old.
    """
    return as_of - at > LONGEST_AHEAD or (session_open and at - as_of > max_age)


@in_exact_context
def stepped(price: Decimal, steps: Iterable[PriceStep]) -> Decimal:
    """Return the price that `steps`, oldest first, make of `price`: each split first, then its dividend.

    A dividend that would leave nothing is passed over.
    """
    for step in steps:
        price = price * step.old_shares / step.new_shares
        price -= step.dps if step.dps < price else ZERO
    return price


def steps_between(steps: Iterable[PriceStep], after: date, until: date) -> list[PriceStep]:
    """Return the steps dated after `after` and not after `until`, oldest first, a day's splits first."""
    between = [step for step in steps if after < step.date <= until]
    return sorted(between, key=lambda step: (step.date, step.dps))


@in_exact_context
def sigma_of(closes: Sequence[tuple[date, Decimal]], steps: Sequence[PriceStep] = ()) -> Decimal | None:
    """Return the root mean square of the last 20 daily moves, as a fraction; None with fewer than 10.

    `closes` as traded, oldest first; known `steps` are no moves.
    """
    recent = closes[-RECENT_MOVES - 1 :]
    moves = [
        close / stepped(before, steps_between(steps, day_before, day)) - 1
        for (day_before, before), (day, close) in pairwise(recent)
    ]
    if len(moves) < FEWEST_MOVES:
        return None
    return (sum((move * move for move in moves), ZERO) / len(moves)).sqrt()


def is_jump(price: Decimal, reference: Decimal, sigma: Decimal | None = None) -> bool:
    """Return whether `price` is further from `reference` than 20 %, or than 10 sigma if that is more."""
    allowed = JUMP if sigma is None else max(JUMP, SIGMAS * sigma)
    return abs(price - reference) > allowed * reference


def looks_like_split(price: Decimal, reference: Decimal) -> bool:
    """Return whether `price` is within 10 % of what a common split, or its reverse, makes of `reference`."""
    return any(
        _is_near(price * new, reference * old, NEAR_SPLIT)
        for ratio in COMMON_SPLITS
        for new, old in (ratio, ratio[::-1])
    )


def looks_like_other_unit(price: Decimal, reference: Decimal) -> bool:
    """Return whether `price` is about 100 times `reference` or a hundredth of it: pence for pounds."""
    return _is_near(price, reference * HUNDRED, NEAR_HUNDRED) or _is_near(
        price * HUNDRED, reference, NEAR_HUNDRED
    )


def judge_quote(
    seen: Sighting,
    memory: QuoteMemory,
    *,
    steps: Sequence[PriceStep] = (),
    last_dps: Decimal | None = None,
    sigma: Decimal | None = None,
) -> Verdict:
    """Accept a fresh price or say what stands against it.

    `steps` are the splits and dividends known, of any date; `last_dps` is the ticker's last dividend in
    dollars per share; `sigma` is that of its recent daily moves, None if they are not known.
    """
    reference = reference_for(seen, memory, steps)
    if reference is None:
        return _refused(memory) if seen.price == last_dps else _accepted(seen, memory)
    split = looks_like_split(seen.price, reference)
    if not split and not is_jump(seen.price, reference, sigma):
        return _accepted(seen, memory)
    if seen.price == last_dps or looks_like_other_unit(seen.price, reference):
        return _refused(memory)
    if split or (memory.doubt is not None and memory.doubt.gate is QuoteGate.SPLIT):
        return _doubted(seen, memory, QuoteGate.SPLIT)
    if _is_second_sighting(seen, memory.doubt):
        return _accepted(seen, memory)
    return _doubted(seen, memory, QuoteGate.OUTLIER)


def reference_for(seen: Sighting, memory: QuoteMemory, steps: Iterable[PriceStep]) -> Decimal | None:
    """Return the last accepted price as the steps since then have left it; None if there is none."""
    if memory.accepted is None:
        return None
    since, until = trading_date(memory.accepted.as_of), trading_date(seen.as_of)
    return stepped(memory.accepted.price, steps_between(steps, since, until))


def _is_near(price: Decimal, target: Decimal, fraction: Decimal) -> bool:
    return abs(price - target) <= fraction * target


def _is_second_sighting(seen: Sighting, doubt: Doubt | None) -> bool:
    """The same quote again is no second sighting: it must be of a later time."""
    return doubt is not None and seen.as_of > doubt.as_of and _is_near(seen.price, doubt.price, SAME_PRICE)


def _accepted(seen: Sighting, memory: QuoteMemory) -> Verdict:
    """A quote older than the last one accepted is good, and changes nothing."""
    if memory.accepted is not None and seen.as_of < memory.accepted.as_of:
        return Verdict(gate=None, memory=memory)
    return Verdict(gate=None, memory=QuoteMemory(accepted=seen))


def _doubted(seen: Sighting, memory: QuoteMemory, gate: QuoteGate) -> Verdict:
    """A doubt follows the price, so that a drift after a split does not look like the end of it."""
    if memory.doubt is not None and seen.as_of <= memory.doubt.as_of:
        return Verdict(gate=gate, memory=memory)
    doubt = Doubt(price=seen.price, as_of=seen.as_of, gate=gate)
    return Verdict(gate=gate, memory=replace(memory, doubt=doubt))


def _refused(memory: QuoteMemory) -> Verdict:
    """No sighting, however often, makes this a price: it is not remembered."""
    return Verdict(gate=QuoteGate.OUTLIER, memory=memory)
