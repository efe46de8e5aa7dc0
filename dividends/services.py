"""What corporate actions do to positions: each once, in the order split, ex-dividend, payment."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from accounts.transactions import Stamp
from dividends.models import Dividend, Receivable, ReceivableStatus, Split, SplitApplication
from orders.lifecycle import cancel_unsent
from orders.models import Order
from positions.books import Cause, Movement, book
from positions.event_types import EventType
from positions.events import record_event
from positions.models import CauseKind, Position, PositionStatus
from positions.services import pause
from volbal.dividends import apply_split, go_ex_dividend, withholding_rate
from volbal.numbers import plain


def begin_day(*, position_id: UUID, on: date, stamp: Stamp) -> Position:
    """Apply to a position every split, ex-dividend and payment due by the morning of `on`.

    `on` is a New York date. Actions dated on or before the day the position was opened don't concern it; a
    closed one only receives what it was owed when it closed.
    Safe to repeat. Source: docs/strategy.md, "Dividends" and "Splits".
    """
    position = Position.objects.lock(position_id)
    if position.status != PositionStatus.CLOSED:
        for split in _splits_due(position, on):
            split_position(position, split, stamp=stamp)
        for dividend in _dividends_due(position, on):
            take_ex_dividend(position, dividend, stamp=stamp)
    for receivable in Receivable.objects.select_for_update(of=("self",)).due(position, on):
        pay_receivable(position, receivable, stamp=stamp)
    return position


def split_position(position: Position, split: Split, *, stamp: Stamp) -> None:
    """Apply one split to a locked position: open orders are cancelled, shares and anchor rescaled."""
    for order in Order.objects.open().filter(position=position):
        order.position = position
        cancel_unsent(order, f"a {split.new_shares}:{split.old_shares} split", stamp=stamp)
    before = position.state()
    after = apply_split(before, split.new_shares, split.old_shares)
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


def take_ex_dividend(position: Position, dividend: Dividend, *, stamp: Stamp) -> Receivable:
    """Take one dividend off a locked position's anchor and put its net amount among the receivables."""
    rate = withholding_rate(position.withholding_tax_rate, dividend.withholding_tax_rate)
    before = position.state()
    after, gross, tax = go_ex_dividend(before, dividend.dps, rate)
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
