"""Real history through the live path: cells, orders, paper broker, events and journal, bar by bar."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import Tenant
from accounts.prepared import Prepared, Slot, update_row
from accounts.transactions import Stamp, for_update, require_unit_of_work, the_row, unit_of_work
from configs.services import change_config
from dividends.imports import import_actions
from dividends.models import Receivable, ReceivableStatus
from dividends.services import begin_day
from market.calendar import close_of, open_of
from market.providers.replay import ReplayProvider
from market.values import DayBar, History
from orders.cycle import evaluate, preview
from orders.models import Trade
from orders.switches import require_not_halted
from positions.models import Position
from positions.services import open_position
from simulation.fold import Run, SimulatedTrade
from simulation.models import ReplayRun
from simulation.setup import FillModel, Settings, settings_as_facts
from volbal.numbers import ZERO, plain
from volbal.trading_day import trading_date
from volbal.values import MarketQuote, PositionState, Side

ACTOR = "replay"
# A login name can't contain a blank, so this never collides with a person's tenant.
TENANT_NAME = "Replays of history"
_LOCKED = Prepared(
    lambda: for_update(ReplayRun.objects.filter(pk=Slot("id", ReplayRun._meta.get_field("id"))))
)

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOrder:
    """What is to be replayed: a history, the cell at its first close, settings and fill model."""

    history: History
    start: PositionState
    settings: Settings
    fill: FillModel

    def facts(self) -> dict[str, Any]:
        """Return what tells this replay from another, as JSON."""
        bars = self.history.bars
        return {
            "ticker": self.history.ticker,
            "from": bars[0].date.isoformat(),
            "to": bars[-1].date.isoformat(),
            "qty": plain(self.start.qty),
            "cash": plain(self.start.cash),
            "fill": self.fill.value,
            **settings_as_facts(self.settings),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quotes:
    """One bar's two prices, and the stamps of the moments that they held at."""

    at_open: MarketQuote | None
    at_close: MarketQuote
    opening: Stamp
    closing: Stamp


def start_replay(order: ReplayOrder) -> ReplayRun:
    """Open a new cell at the first close, with every setting pinned at its own scope.

    Sees to it that the live path knows the history's dividends and splits.
    Raises DividendConflict or SplitConflict if others are stored for the same dates, and TradingHalted while
    everyone's trading is: the replay would trade nothing.
    """
    stamp, start = _stamp(close_of(order.history.bars[0].date)), order.start
    with unit_of_work():
        require_not_halted()
        import_actions(order.history, stamp=stamp)
        tenant, _ = Tenant.objects.get_or_create(name=TENANT_NAME)
        position = open_position(
            tenant_id=tenant.pk,
            ticker=start.ticker,
            qty=start.qty,
            cash=start.cash,
            anchor_price=start.anchor_price,
            market_provider="replay",
            stamp=stamp,
        )
        for group, values in order.settings.by_group().items():
            change_config(group=group, scope="POSITION", values=values, position_id=position.pk, stamp=stamp)
        return ReplayRun.objects.create(position=position, options=order.facts())


def latest_replay(order: ReplayOrder) -> ReplayRun | None:
    """Find the newest replay of exactly this order, cut off or complete."""
    return ReplayRun.objects.filter(options=order.facts()).order_by("-created_at").first()


def continue_replay(run: ReplayRun, order: ReplayOrder, progress: Progress) -> None:
    """Drive the cell through the bars that are not in its books yet, one unit of work each."""
    provider = ReplayProvider()
    rest = [bar for bar in order.history.bars if run.last_date is None or bar.date > run.last_date]
    progress(len(order.history.bars) - len(rest))
    trade = _trade_at_close if order.fill is FillModel.CLOSE else _trade_at_next_open
    days = _action_days(order.history)
    for bar in rest:
        quotes = _quotes_of(run.position.ticker, bar, provider)
        with unit_of_work():
            locked = _locked(run, before=bar)
            if locked is not None:
                if days and days[0] <= bar.date:
                    begin_day(position_id=run.position_id, on=bar.date, stamp=quotes.opening)
                trade(locked, quotes)
                _advance(locked, bar)
        while days and days[0] <= bar.date:
            days.popleft()
        progress(1)


def replayed_run(run: ReplayRun) -> Run:
    """Read from the books what a replay came to."""
    position = Position.objects.get(pk=run.position_id)
    trades = Trade.objects.filter(position=position).order_by("executed_at")
    paid = Receivable.objects.filter(position=position, status=ReceivableStatus.PAID)
    return Run(
        final=position.state(),
        trades=tuple(_simulated(trade) for trade in trades),
        dividends_received=sum(paid.values_list("amount", flat=True), ZERO),
    )


def _action_days(history: History) -> deque[date]:
    """Return the days on which something may be due, so that the other mornings need no look."""
    days = {split.date for split in history.splits}
    for dividend in history.dividends:
        days |= {dividend.ex_date, dividend.pay_date}
    return deque(sorted(days))


def _quotes_of(ticker: str, bar: DayBar, provider: ReplayProvider) -> _Quotes:
    closes_at = close_of(bar.date)
    provider.move_to(closes_at)
    return _Quotes(
        at_open=provider.open_quote(ticker, bar.date),
        at_close=provider.latest_quotes([ticker])[ticker],
        opening=_stamp(open_of(bar.date)),
        closing=_stamp(closes_at),
    )


def _trade_at_close(run: ReplayRun, quotes: _Quotes) -> None:
    evaluate(position_id=run.position_id, quote=quotes.at_close, stamp=quotes.closing)


def _trade_at_next_open(run: ReplayRun, quotes: _Quotes) -> None:
    """Trade at the open what the last close asked for; ask the close only whether to, saving nothing."""
    if run.next_open_wanted:
        evaluate(position_id=run.position_id, quote=quotes.at_open, stamp=quotes.opening)
    asked = preview(position_id=run.position_id, quote=quotes.at_close, at=quotes.closing.at)
    run.next_open_wanted = asked.decision.trades


def _locked(run: ReplayRun, *, before: DayBar) -> ReplayRun | None:
    """Lock and read the run again; None if somebody else has replayed this bar meanwhile."""
    require_unit_of_work()
    fresh = the_row(_LOCKED.first(id=run.pk), "replay")
    return None if fresh.last_date is not None and fresh.last_date >= before.date else fresh


def _advance(run: ReplayRun, bar: DayBar) -> None:
    run.last_date = bar.date
    update_row(run, ["last_date", "next_open_wanted"])


def _stamp(at: datetime) -> Stamp:
    return Stamp(at=at, actor=ACTOR)


def _simulated(trade: Trade) -> SimulatedTrade:
    return SimulatedTrade(
        date=trading_date(trade.executed_at),
        side=Side(trade.side),
        qty=trade.qty,
        price=trade.price,
        commission=trade.commission,
    )
