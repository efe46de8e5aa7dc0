"""Recording every evaluation of positions to which nothing happens: straight from rows to rows.

Only for `RECORD_EVALUATIONS=all`. What is recorded is what `carry_out` would record of the same HOLD, to the
letter, and a test compares them: what positions share is written once, by the same functions, and what
differs is put in its places. Decisions that a watch doesn't vouch for go the usual way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum

from configs.resolver import EffectiveConfig, effective_configs
from orders.circumstances import Circumstances, snapshot_in
from orders.models import RulesVersion, TickChunk, TradingState, TradingSwitch
from orders.snapshot import Snapshot, decision_as_facts, snapshot_as_facts
from orders.switches import share_switches
from orders.tick_evaluation import TickWork, event_of
from orders.tick_scan import QuietRow, quiet_positions
from positions.chains import as_json, canonical, hash_of, hashed_columns
from positions.event_types import EventType
from positions.models import Event, EventScope, Position
from positions.raw_events import RawEvent, read_heads, write_events
from volbal.explain import of_hold
from volbal.numbers import exact, plain, to_six
from volbal.trading_day import trading_date
from volbal.values import Action, Decision, TriggerConfig

_HUNDRED = Decimal(100)
# Where a value that differs goes, and the order in which sorted keys bring them.
_STATE = ("anchor_price", "cash", "dividend_receivable", "qty")
_ANSWER = ("buy_at", "explanation", "sell_at", "stock_pct_after", "stock_pct_before")
_OWN = ("chain", "id", "inputs", "message", "outputs", "position_id", "prev_hash", "seq", "tenant_id")


@dataclass(frozen=True, slots=True)
class _Form:
    """What the events of some positions have in common, as text with a place for each value that differs."""

    price: Decimal
    trigger: TriggerConfig
    inputs: str
    outputs: str


def record_quiet(work: TickWork, chunk: TickChunk) -> set[UUID]:
    """Record that positions of a chunk hold, inside the caller's unit of work; return which."""
    share_switches()
    rules = _rules_seen()
    rows = _without_stopped(_on_good_quotes(work, quiet_positions(chunk, trading_date(work.stamp.at))))
    effective = effective_configs(rows)  # type: ignore[arg-type]  # a row has what is asked of a position
    if rules != _rules_seen():
        return set()  # changed while we looked: what the watches vouch for was decided by others
    forms = _Forms(work, effective)
    events = list(_events(work, rows, forms))
    write_events(events, _shared(work))
    work.recorded += len(events)
    return {event.position_id for event in events}


class _Forms:
    """Makes each form once: one for every settings, broker and quote."""

    def __init__(self, work: TickWork, effective: dict[UUID, EffectiveConfig]) -> None:
        self._work = work
        self._effective = effective
        self._made: dict[tuple[int, str, str, str], _Form | None] = {}

    def of(self, row: QuietRow) -> _Form | None:
        """Return the form of a position's event; None if it doesn't hold after all."""
        effective = self._effective[row.pk]
        key = (id(effective), row.broker, row.market_provider, row.ticker)
        if key not in self._made:
            self._made[key] = self._make(row, effective)
        return self._made[key]

    def _make(self, row: QuietRow, effective: EffectiveConfig) -> _Form | None:
        around = Circumstances(effective=effective, orders=[], state=TradingState.ACTIVE)
        quote = self._work.quotes[row.market_provider, row.ticker].quote
        snapshot = snapshot_in(around, Position(**row_as_columns(row)), quote, self._work.stamp.at)
        decision = snapshot.decide()
        if decision.action is not Action.HOLD or quote is None:
            return None
        return _Form(
            quote.price, snapshot.trigger, _inputs_form(snapshot, effective), _outputs_form(decision)
        )


def row_as_columns(row: QuietRow) -> dict[str, Any]:
    """Return a position's columns that a decision looks at."""
    columns = row._asdict()
    return {name: value for name, value in columns.items() if name not in ("buy_at", "sell_at")}


def _inputs_form(snapshot: Snapshot, effective: EffectiveConfig) -> str:
    facts = as_json(snapshot_as_facts(snapshot, effective))
    facts["position"] |= {name: _place(name) for name in _STATE}
    return _with_places(canonical(facts), _STATE)


def _outputs_form(decision: Decision) -> str:
    facts = decision_as_facts(decision)
    facts["decision"] |= {name: _place(name) for name in _ANSWER}
    return _with_places(canonical(as_json(facts)), _ANSWER)


def _row_form(work: TickWork) -> str:
    shared = {name: as_json(value) for name, value in _shared(work).items()}
    content = {name: shared[name] if name in shared else _place(name) for name in hashed_columns(Event)}
    return _with_places(canonical(content), _OWN)


def _place(name: str) -> str:
    return f"<{name}>"


def _with_places(text: str, names: Iterable[str]) -> str:
    text = text.replace("%", "%%")
    for name in names:
        text = text.replace(f'"{_place(name)}"', "%s")
    return text


def _shared(work: TickWork) -> dict[str, Any]:
    return {
        "scope": EventScope.POSITION,
        "type": EventType.POSITION_EVALUATED,
        "ts": work.stamp.at,
        "actor": work.stamp.actor,
        "request_id": work.stamp.request_id,
    }


def _events(work: TickWork, rows: Sequence[QuietRow], forms: _Forms) -> Iterable[RawEvent]:
    heads = read_heads([f"position/{row.pk}" for row in rows])
    whole = _row_form(work)
    with exact():
        for row in rows:
            form, chain = forms.of(row), f"position/{row.pk}"
            if form is not None and chain in heads:
                yield _event(row, form, whole, chain, heads[chain], event_of(row.pk, work.slot))


def _event(
    row: QuietRow, form: _Form, whole: str, chain: str, head: tuple[int, str], event_id: UUID
) -> RawEvent:
    message = of_hold(row, form.price, form.trigger)  # type: ignore[arg-type]
    pct, seq, last = _stock_pct(row, form.price), head[0] + 1, head[1]
    inputs = form.inputs % (
        _text(row.anchor_price),
        _text(row.cash),
        _text(row.dividend_receivable),
        _text(row.qty),
    )
    outputs = form.outputs % (_ticks(row.buy_at), f'"{message}"', _ticks(row.sell_at), pct, pct)
    content = whole % (
        f'"{chain}"',
        f'"{event_id}"',
        inputs,
        f'"{message}"',
        outputs,
        f'"{row.pk}"',
        f'"{last}"',
        seq,
        f'"{row.tenant_id}"',
    )
    return RawEvent(
        event_id, chain, seq, last, hash_of(content), message, inputs, outputs, row.tenant_id, row.pk
    )


def _text(number: Decimal) -> str:
    return f'"{plain(number)}"'


def _ticks(ticks: int | None) -> str:
    return "null" if ticks is None else _text(Decimal(ticks).scaleb(-6))


def _stock_pct(row: QuietRow, price: Decimal) -> str:
    stock = row.qty * price
    value = stock + row.cash + row.dividend_receivable
    return _text(to_six(stock * _HUNDRED / value)) if value else "null"


def _on_good_quotes(work: TickWork, rows: Sequence[QuietRow]) -> list[QuietRow]:
    good = {source for source in work.quotes if work.is_good(source)}
    return [row for row in rows if (row.market_provider, row.ticker) in good]


def _without_stopped(rows: list[QuietRow]) -> list[QuietRow]:
    """Leave out those that a switch stands over: their outcome is another."""
    stopped = set(
        TradingSwitch.objects.exclude(state=TradingState.ACTIVE).values_list("tenant_id", "position_id")
    )
    if not stopped:
        return rows
    over = [{(None, None), (row.tenant_id, None), (None, row.pk)} for row in rows]
    return [row for row, owners in zip(rows, over, strict=True) if not owners & stopped]


def _rules_seen() -> int:
    return RulesVersion.objects.aggregate(seen=Sum("version"))["seen"] or 0
