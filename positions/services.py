"""What can be done to a cell apart from trading: open, deposit, withdraw, anchor, correct, pause, close."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.models import Tenant
from accounts.transactions import Stamp, lock_one
from positions.books import Cause, Movement, book, require_free
from positions.errors import PositionClosed, PositionNotEmpty
from positions.event_types import EventType
from positions.events import record_event
from positions.market_time import on_market
from positions.models import CauseKind, Position, PositionStatus
from volbal.errors import OutOfRange
from volbal.fields import read_text, read_ticker
from volbal.numbers import ZERO, plain, require_price
from volbal.trading_day import trading_date

LONGEST_REASON = 500


def open_position(
    *,
    tenant_id: UUID,
    ticker: str,
    qty: Decimal,
    cash: Decimal,
    anchor_price: Decimal | None,
    stamp: Stamp,
    market_provider: str,
    broker: str = "paper",
    withholding_tax_rate: Decimal | None = None,
) -> Position:
    """Create a cell with its first balances, an event and a journal row.

    Raises NotFound for an unknown tenant, InvalidTicker, and OutOfRange or InvalidNumber for balances or an
    anchor that the books can't keep.
    """
    if qty < 0 or cash < 0:
        raise OutOfRange("qty and cash: may not be negative.", field="qty" if qty < 0 else "cash")
    if anchor_price is not None:
        require_price(anchor_price, "anchor_price")
    require_withholding(withholding_tax_rate)
    tenant = lock_one(Tenant.objects.filter(pk=tenant_id), "tenant")
    tenant.positions_opened += 1
    tenant.save(update_fields=["positions_opened"])
    position = Position.objects.create(
        tenant=tenant,
        number=tenant.positions_opened,
        ticker=read_ticker(ticker),
        anchor_price=anchor_price,
        withholding_tax_rate=withholding_tax_rate,
        broker=broker,
        market_provider=market_provider,
        opened_date=trading_date(stamp.at),
    )
    event = record_event(
        position,
        EventType.POSITION_CREATED,
        f"Opened with {plain(qty)} {ticker} and {plain(cash)} of cash.",
        stamp=stamp,
        inputs={"ticker": ticker, "qty": qty, "cash": cash, "anchor_price": anchor_price, "broker": broker},
    )
    if qty or cash:
        book(position, Movement(cash=cash, qty=qty), Cause(CauseKind.OPENING, str(event.pk)), stamp=stamp)
    return position


def move_cash(*, position_id: UUID, amount: Decimal, stamp: Stamp, tenant_id: UUID | None = None) -> Position:
    """Deposit `amount` dollars, or withdraw when it is negative; only free cash can leave.

    Raises InsufficientCash, OutOfRange for 0, PositionClosed.
    """
    position = lock_open_position(position_id, tenant_id=tenant_id)
    stamp = on_market(stamp, position.market_provider)
    if amount == 0:
        raise OutOfRange("amount: must not be zero.", field="amount")
    if amount < 0:
        require_free(position, cash=-amount)
    deposited = amount > 0
    event = record_event(
        position,
        EventType.CASH_DEPOSITED if deposited else EventType.CASH_WITHDRAWN,
        f"{'Deposited' if deposited else 'Withdrew'} {plain(abs(amount))}.",
        stamp=stamp,
        inputs={"amount": amount},
        outputs={"cash": position.cash + amount},
    )
    book(position, Movement(cash=amount), Cause(CauseKind.CASH, str(event.pk)), stamp=stamp)
    return position


def set_anchor(*, position_id: UUID, price: Decimal, stamp: Stamp, tenant_id: UUID | None = None) -> Position:
    """Set the price that the trigger compares with, in dollars per share, above zero.

    Raises OutOfRange, InvalidNumber, PositionClosed.
    """
    position = lock_open_position(position_id, tenant_id=tenant_id)
    stamp = on_market(stamp, position.market_provider)
    require_price(price, "price")
    old, position.anchor_price = position.anchor_price, price
    position.save(update_fields=["anchor_price", "updated_at"])
    record_event(
        position,
        EventType.ANCHOR_SET,
        f"Anchor set to {plain(price)}.",
        stamp=stamp,
        inputs={"anchor_price": old},
        outputs={"anchor_price": price},
    )
    return position


def adjust_books(
    *, position_id: UUID, reason: str, stamp: Stamp, cash: Decimal = ZERO, qty: Decimal = ZERO
) -> Position:
    """Correct the books by hand: signed dollars and shares, with a reason that is kept.

    Raises InsufficientCash, InsufficientShares, OutOfRange (nothing to adjust, no reason), PositionClosed.
    """
    position = lock_open_position(position_id)
    stamp = on_market(stamp, position.market_provider)
    reason = read_text(reason, longest=LONGEST_REASON, field="reason")
    if not (cash or qty):
        raise OutOfRange("An adjustment needs an amount.", field="cash")
    require_free(position, cash=max(-cash, ZERO), qty=max(-qty, ZERO))
    event = record_event(
        position,
        EventType.ADJUSTMENT_BOOKED,
        f"Books corrected by {plain(cash)} of cash and {plain(qty)} shares: {reason}",
        stamp=stamp,
        inputs={"cash": cash, "qty": qty, "reason": reason},
    )
    book(position, Movement(cash=cash, qty=qty), Cause(CauseKind.ADJUSTMENT, str(event.pk)), stamp=stamp)
    return position


def change_position(
    *, position_id: UUID, changes: Mapping[str, Any], stamp: Stamp, tenant_id: UUID | None = None
) -> Position:
    """Change status (active, paused, closed), broker or withholding_tax_rate; what isn't named stays.

    Raises OutOfRange, PositionClosed, PositionNotEmpty.
    """
    position = lock_open_position(position_id, tenant_id=tenant_id)
    stamp = on_market(stamp, position.market_provider)
    _change_terms(position, changes, stamp)
    status = changes.get("status")
    if status == PositionStatus.PAUSED:
        pause(position, "by hand", stamp=stamp)
    elif status == PositionStatus.ACTIVE:
        resume(position, stamp=stamp)
    elif status == PositionStatus.CLOSED:
        _close(position, stamp)
    return position


def require_broker(name: str) -> str:
    """Return `name`, or raise OutOfRange if no such broker is registered."""
    if name not in settings.BROKERS:
        known = ", ".join(sorted(settings.BROKERS))
        raise OutOfRange(f"broker: choose one of {known}.", field="broker")
    return name


def require_withholding(rate: Decimal | None) -> Decimal | None:
    """Return a withholding tax rate (a fraction), or raise OutOfRange above 1."""
    if rate is not None and not 0 <= rate <= 1:
        raise OutOfRange("withholding_tax_rate: a fraction between 0 and 1.", field="withholding_tax_rate")
    return rate


def pause(position: Position, reason: str, *, stamp: Stamp) -> None:
    """Pause a locked position until a person resumes it; pausing twice is once, a closed one stays closed."""
    if position.status != PositionStatus.CLOSED:
        _change_status(position, PositionStatus.PAUSED, EventType.TRADING_PAUSED, f"Paused: {reason}", stamp)


def resume(position: Position, *, stamp: Stamp) -> None:
    """Let a locked position trade again. Raises PositionClosed."""
    if position.status == PositionStatus.CLOSED:
        raise PositionClosed("The position is closed.")
    _change_status(position, PositionStatus.ACTIVE, EventType.TRADING_RESUMED, "Resumed.", stamp)


def close_position(*, position_id: UUID, stamp: Stamp) -> Position:
    """Close a cell for good. Raises PositionNotEmpty while open orders hold something of it."""
    position = lock_open_position(position_id)
    stamp = on_market(stamp, position.market_provider)
    _close(position, stamp)
    return position


def lock_open_position(position_id: UUID, *, tenant_id: UUID | None = None) -> Position:
    """Lock a position that is not closed, with `tenant_id` only that tenant's.

    Raises NotFound or PositionClosed.
    """
    position = Position.objects.lock(position_id, tenant_id=tenant_id)
    if position.status == PositionStatus.CLOSED:
        raise PositionClosed("The position is closed.")
    return position


def _close(position: Position, stamp: Stamp) -> None:
    if position.reserved_cash or position.reserved_qty:
        raise PositionNotEmpty("An open order holds cash or shares; cancel it first.")
    _change_status(position, PositionStatus.CLOSED, EventType.POSITION_CLOSED, "Closed.", stamp)


def _change_terms(position: Position, changes: Mapping[str, Any], stamp: Stamp) -> None:
    wanted = {name: changes[name] for name in ("broker", "withholding_tax_rate") if name in changes}
    if "broker" in wanted:
        require_broker(wanted["broker"])
    require_withholding(wanted.get("withholding_tax_rate"))
    before = {name: getattr(position, name) for name in wanted}
    after = {name: value for name, value in wanted.items() if value != before[name]}
    if not after:
        return
    for name, value in after.items():
        setattr(position, name, value)
    position.save(update_fields=[*after, "updated_at"])
    record_event(
        position,
        EventType.POSITION_CHANGED,
        f"Changed {' and '.join(name.replace('_', ' ') for name in after)}.",
        stamp=stamp,
        inputs={name: before[name] for name in after},
        outputs=after,
    )


def _change_status(
    position: Position, status: PositionStatus, type_: EventType, message: str, stamp: Stamp
) -> None:
    if position.status == status:
        return
    old, position.status = position.status, status
    position.save(update_fields=["status", "updated_at"])
    record_event(position, type_, message, stamp=stamp, inputs={"status": old}, outputs={"status": status})
