"""What corporate actions do to positions: each once, in the order split, ex-dividend, payment."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from accounts.transactions import Stamp, lock_all, read_one
from dividends.errors import PaymentNotDue
from dividends.models import Dividend, Receivable, ReceivableStatus, Split, SplitApplication
from market.providers.registry import provider
from orders.lifecycle import cancel_or_ask
from orders.models import Order
from positions.books import Cause, Movement, book
from positions.event_types import EventType
from positions.events import record_event
from positions.models import CauseKind, Position, PositionStatus
from positions.services import pause
from volbal.dividends import apply_split, go_ex_dividend, withholding_rate
from volbal.errors import OutOfRange
from volbal.numbers import MONEY_LIMIT, plain, require_price
from volbal.trading_day import trading_date


def begin_day(*, position_id: UUID, on: date, stamp: Stamp) -> Position:
    """Apply to a position every split, ex-dividend and payment due by the morning of `on`.

    `on` is a New York date. Actions dated on or before the day the position was opened don't concern it; a
    closed one only receives what it was owed when it closed.
    While an order is at a broker that has not said yet whether it is cancelled, a split waits, and so does
    every ex-dividend: repeat it when the order is done, and evaluate nothing before. `splits_wait` tells.
    Safe to repeat. Source: docs/strategy.md, "Dividends" and "Splits".
    """
    position = Position.objects.lock(position_id)
    if position.status != PositionStatus.CLOSED:
        take_what_is_due(position, on, stamp=stamp)
    for receivable in Receivable.objects.select_for_update(of=("self",)).due(position, on):
        pay_receivable(position, receivable, stamp=stamp)
    return position


def take_what_is_due(position: Position, on: date, *, stamp: Stamp) -> bool:
    """Apply to a locked position what is due by the morning of `on`, day by day, splits first; pay nothing.

    False if a split has to wait, and everything after it with it. Raises what `split_position` and
    `take_ex_dividend` raise.
    """
    splits = [(split.date, 0, split) for split in _splits_due(position, on)]
    dividends = [(dividend.ex_date, 1, dividend) for dividend in _dividends_due(position, on)]
    for _, _, action in sorted([*splits, *dividends], key=lambda due: due[:2]):
        if isinstance(action, Dividend):
            take_ex_dividend(position, action, stamp=stamp)
        elif isinstance(action, Split) and not split_position(position, action, stamp=stamp):
            return False
    return True


def splits_wait(position: Position, on: date) -> bool:
    """Whether a split due by the morning of `on` is not in a position's books yet."""
    return position.status != PositionStatus.CLOSED and bool(_splits_due(position, on))


def pay_dividend(*, tenant_id: UUID, dividend_id: UUID, stamp: Stamp) -> list[Receivable]:
    """Pay what a tenant's cells are still owed of one dividend; return what was paid, by the cells' numbers.

    The second time that is nothing. Raises NotFound for a dividend that the tenant doesn't see, PaymentNotDue
    before the pay date (New York), OutOfRange for more cash than the books keep.
    """
    dividend = read_one(Dividend.objects.seen_by(tenant_id).filter(pk=dividend_id), "dividend")
    today = trading_date(stamp.at)
    if today < dividend.pay_date:
        raise PaymentNotDue(f"This dividend is paid on {dividend.pay_date}; in New York it is {today}.")
    owed = Receivable.objects.pending().filter(dividend=dividend, position__tenant=tenant_id)
    cells = {cell.pk: cell for cell in lock_all(Position.objects.filter(pk__in=owed.values("position_id")))}
    due = owed.select_for_update(of=("self",)).filter(position__in=cells).order_by("position__number")
    return [
        pay_receivable(cells[receivable.position_id], receivable, stamp=stamp)
        for receivable in due
        if not is_replayed(cells[receivable.position_id])
    ]


def is_replayed(position: Position) -> bool:
    """Return whether the cell replays the past: its days are not ours, and only its replay begins them."""
    opened_in_the_past = trading_date(position.created_at) - position.opened_date > timedelta(days=1)
    return opened_in_the_past and provider(position.market_provider).is_confirmed


def split_position(position: Position, split: Split, *, stamp: Stamp) -> bool:
    """Apply one split to a locked position: open orders are cancelled, shares and anchor rescaled.

    False, and nothing is rescaled, if a broker must be asked to cancel first: until it has answered it may
    still execute old shares. Raises OutOfRange for more shares, or a larger anchor, than the books keep.
    """
    for order in Order.objects.open().filter(position=position):
        order.position = position
        if not cancel_or_ask(order, f"a {split.new_shares}:{split.old_shares} split", stamp=stamp):
            return False
    before = position.state()
    after = apply_split(before, split.new_shares, split.old_shares)
    if after.anchor_price is not None:
        require_price(after.anchor_price, "anchor_price")
    application = SplitApplication.objects.create(position=position, split=split, date=split.date)
    position.anchor_price = after.anchor_price
    event = record_event(
        position,
        EventType.SPLIT_APPLIED,
        f"Split {split.new_shares}:{split.old_shares}: {plain(before.qty)} shares became {plain(after.qty)}.",
        stamp=stamp,
        inputs={
            "split_id": split.pk,
            "application": application.pk,
            "new_shares": split.new_shares,
            "old_shares": split.old_shares,
            "qty": before.qty,
            "anchor_price": before.anchor_price,
        },
        outputs={"qty": after.qty, "anchor_price": after.anchor_price},
    )
    book(position, Movement(qty=after.qty - before.qty), Cause(CauseKind.SPLIT, str(event.pk)), stamp=stamp)
    if after.anchor_price is None and before.anchor_price is not None:
        pause(position, "a split used up the anchor; set a new one", stamp=stamp)
    return True


def take_ex_dividend(position: Position, dividend: Dividend, *, stamp: Stamp) -> Receivable:
    """Take one dividend off a locked position's anchor and put its net amount among the receivables.

    Raises OutOfRange for more dollars than the books keep.
    """
    rate = withholding_rate(position.withholding_tax_rate, dividend.withholding_tax_rate)
    before = position.state()
    after, gross, tax = go_ex_dividend(before, dividend.dps, rate)
    if gross >= MONEY_LIMIT:
        raise OutOfRange(
            f"The books keep less than 1,000,000,000 dollars; this is {plain(gross)}.", gross=gross
        )
    receivable = Receivable.objects.create(
        position=position,
        dividend=dividend,
        ex_date=dividend.ex_date,
        shares=before.qty,
        gross=gross,
        tax=tax,
        amount=gross - tax,
        created_at=stamp.at,
    )
    record_event(
        position,
        EventType.EX_DIV_EFFECTIVE,
        f"Ex-dividend {plain(dividend.dps)} on {plain(before.qty)} shares: {plain(gross - tax)} net to come.",
        stamp=stamp,
        inputs={
            "dividend_id": dividend.pk,
            "ex_date": dividend.ex_date,
            "dps": dividend.dps,
            "shares": before.qty,
            "withholding_tax_rate": rate,
        },
        outputs={"receivable_id": receivable.pk, "gross": gross, "tax": tax, "net": gross - tax},
    )
    position.anchor_price = after.anchor_price
    cause = Cause(CauseKind.EX_DIVIDEND, str(receivable.pk))
    book(position, Movement(receivable=gross - tax), cause, stamp=stamp)
    if before.anchor_price is not None:
        _tell_anchor(position, before.anchor_price, dividend, stamp)
    return receivable


def pay_receivable(position: Position, receivable: Receivable, *, stamp: Stamp) -> Receivable:
    """Turn a locked position's pending receivable into cash; a paid one stays as it is."""
    if receivable.status == ReceivableStatus.PAID:
        return receivable
    receivable.status, receivable.paid_at = ReceivableStatus.PAID, stamp.at
    receivable.save(update_fields=["status", "paid_at"])
    record_event(
        position,
        EventType.DIVIDEND_CASH_RECEIVED,
        f"Dividend of {plain(receivable.amount)} received.",
        stamp=stamp,
        inputs={"receivable_id": receivable.pk, "dividend_id": receivable.dividend_id},
        outputs={"amount": receivable.amount, "cash": position.cash + receivable.amount},
    )
    cause = Cause(CauseKind.DIVIDEND_PAYMENT, str(receivable.pk))
    book(position, Movement(cash=receivable.amount, receivable=-receivable.amount), cause, stamp=stamp)
    return receivable


def _tell_anchor(position: Position, before: object, dividend: Dividend, stamp: Stamp) -> None:
    after = position.anchor_price
    gone = after is None
    record_event(
        position,
        EventType.ANCHOR_ADJUSTED_FOR_DIVIDEND,
        "The dividend used up the anchor." if after is None else f"The anchor is now {plain(after)}.",
        stamp=stamp,
        inputs={"anchor_price": before, "dps": dividend.dps},
        outputs={"anchor_price": after},
    )
    if gone:
        pause(position, "a dividend used up the anchor; set a new one", stamp=stamp)


def _splits_due(position: Position, on: date) -> list[Split]:
    done = set(SplitApplication.objects.filter(position=position).values_list("date", flat=True))
    found = Split.objects.seen_by(position.tenant_id).filter(
        ticker=position.ticker, date__gt=position.opened_date, date__lte=on
    )
    by_date = {split.date: split for split in found if split.date not in done}
    return [by_date[day] for day in sorted(by_date)]


def _dividends_due(position: Position, on: date) -> list[Dividend]:
    done = set(Receivable.objects.filter(position=position).values_list("ex_date", flat=True))
    found = Dividend.objects.seen_by(position.tenant_id).filter(
        ticker=position.ticker, ex_date__gt=position.opened_date, ex_date__lte=on
    )
    by_date = {dividend.ex_date: dividend for dividend in found if dividend.ex_date not in done}
    return [by_date[day] for day in sorted(by_date)]
