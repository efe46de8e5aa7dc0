"""Recording every evaluation of positions to which nothing happens: straight from rows to rows.

Only for `RECORD_EVALUATIONS=all`. What is recorded is what `carry_out` would record of the same HOLD, to the
letter, and a test compares them: what positions share is written once, by the same functions, and what
differs is put in its places. Decisions that a watch doesn't vouch for go the usual way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from accounts.prepared import Prepared
from configs.resolver import EffectiveConfig, SettingsOfMany, settings_between
from orders.circumstances import Circumstances, snapshot_in
from orders.models import TickChunk, TradingState, TradingSwitch
from orders.snapshot import Snapshot, decision_as_facts, facts_of, snapshot_as_facts
from orders.switches import share_switches
from orders.tick_evaluation import Rules, TickWork
from orders.tick_ids import event_begin
from orders.tick_rows import QuietRow
from orders.tick_scan import bounds_of, scan
from orders.watches import rules_seen
from positions.chains import as_json, canonical, hash_of, hashed_columns
from positions.event_types import EventType
from positions.models import Event, EventScope, Position
from positions.raw_events import RawEvent, read_heads, write_events
from volbal.explain import hold_form
from volbal.numbers import exact, plain, to_six
from volbal.trading_day import trading_date
from volbal.trigger import move_pct
from volbal.values import Action, Decision, MarketQuote

_HUNDRED = Decimal(100)
# What a decision looks at of a position.
_COLUMNS = QuietRow._fields[: QuietRow._fields.index("said")]
# Values that differ, in the order in which sorted keys bring them; those in _RAW are JSON themselves.
_INPUTS = ("anchor_price", "cash", "dividend_receivable", "qty")
_OUTPUTS = ("buy_at", "explanation", "sell_at", "stock_pct_after", "stock_pct_before")
_ROW = ("chain", "id", "inputs", "message", "outputs", "position_id", "prev_hash", "seq", "tenant_id")
_RAW = frozenset({"buy_at", "sell_at", "stock_pct_after", "stock_pct_before", "inputs", "outputs", "seq"})


@dataclass(frozen=True, slots=True)
class _Form:
    """What the events of some positions have in common, as text with a place for each value that differs."""

    price: Decimal
    message: str
    inputs: str
    outputs: str


def record_quiet(work: TickWork, chunk: TickChunk) -> tuple[list[UUID], list[UUID]]:
    """Record that positions of a chunk hold, inside the caller's unit of work.

    Return all the others: those that are locked now, and those that somebody else holds.
    """
    share_switches()
    seen = rules_seen()
    found = scan(chunk, trading_date(work.stamp.at))
    work.rules = Rules(seen, settings_between(*bounds_of(chunk)))
    recorded = _record(work, work.rules, _without_stopped(_on_good_quotes(work, found.quiet)))
    others = found.others
    if len(recorded) < len(found.quiet):
        others = sorted({*others, *(row.pk for row in found.quiet)}.difference(recorded))
    return others, found.held


def _record(work: TickWork, rules: Rules, rows: Sequence[QuietRow]) -> list[UUID]:
    """Record that these hold, unless it turns out otherwise; return which do."""
    if not rows or rules.seen != rules_seen():
        return []  # changed while we looked: what the watches vouch for was decided by others
    forms = _Forms(work, rules.settings)
    holding = list(_with_heads(rows, forms))
    write_events(_events(work, holding), _shared(work))
    work.recorded += len(holding)
    return [held.row.pk for held in holding]


class _Forms:
    """Makes each form once for all positions that share it."""

    def __init__(self, work: TickWork, settings: SettingsOfMany) -> None:
        self._work = work
        self._settings = settings
        self._made: dict[UUID | tuple[str, ...], _Form | None] = {}
        self._parts: dict[tuple[int, str, str, bool], tuple[str, str] | None] = {}

    def of(self, row: QuietRow) -> _Form | None:
        """Return the form of a position's event; None if it doesn't hold after all."""
        key = row.pk if self._settings.has_own(row.pk) else row.kind
        if key not in self._made:
            self._made[key] = self._make(row, self._settings.of(row))
        return self._made[key]

    def _make(self, row: QuietRow, effective: EffectiveConfig) -> _Form | None:
        quote = self._work.quotes[row.market_provider, row.ticker].quote
        if quote is None:
            return None
        key = (id(effective), row.broker, quote.source, quote.is_real)
        if key not in self._parts:
            self._parts[key] = self._documents(row, effective, quote)
        documents = self._parts[key]
        if documents is None:
            return None
        inputs = documents[0].replace(_QUOTE, _told(quote)).replace(_TICKER, row.ticker)
        return _Form(quote.price, hold_form(plain(quote.price), effective.trigger), inputs, documents[1])

    def _documents(
        self, row: QuietRow, effective: EffectiveConfig, quote: MarketQuote
    ) -> tuple[str, str] | None:
        around = Circumstances(effective=effective, orders=[], state=TradingState.ACTIVE)
        columns = {name: getattr(row, name) for name in _COLUMNS}
        snapshot = snapshot_in(around, Position(**columns), quote, self._work.stamp.at)
        decision = snapshot.decide()
        if decision.action is not Action.HOLD:
            return None
        return _inputs_form(snapshot, effective), _outputs_form(decision)


@lru_cache(maxsize=2048)
def _told(quote: MarketQuote) -> str:
    """Write a quote, which each chunk of a tick tells of; equal ones are written alike."""
    return canonical(as_json(facts_of(quote))).replace("%", "%%")


def _inputs_form(snapshot: Snapshot, effective: EffectiveConfig) -> str:
    facts = as_json(snapshot_as_facts(snapshot, effective))
    facts["position"] |= {name: _place(name) for name in facts["position"]}
    return _form({**facts, "quote": _place("quote")}, _INPUTS)


def _outputs_form(decision: Decision) -> str:
    facts = as_json(decision_as_facts(decision))
    facts["decision"] |= {name: _place(name) for name in _OUTPUTS}
    return _form(facts, _OUTPUTS)


def _row_form(work: TickWork) -> str:
    shared = {name: as_json(value) for name, value in _shared(work).items()}
    return _form({name: shared.get(name, _place(name)) for name in hashed_columns(Event)}, _ROW)


def _place(name: str) -> str:
    return f"<{name}>"


_TICKER, _QUOTE = _place("ticker"), f'"{_place("quote")}"'


def _form(content: Mapping[str, Any], names: Iterable[str]) -> str:
    """Write JSON with a `%s` for each value that differs."""
    text = canonical(content).replace("%", "%%")
    for name in names:
        place = f'"{_place(name)}"'
        text = text.replace(place, "%s" if name in _RAW else '"%s"')
    return text


def _shared(work: TickWork) -> dict[str, Any]:
    return {
        "scope": EventScope.POSITION,
        "type": EventType.POSITION_EVALUATED,
        "ts": work.stamp.at,
        "actor": work.stamp.actor,
        "request_id": work.stamp.request_id,
    }


class _Held(NamedTuple):
    """A position that holds, with the form of its event and the end of its chain."""

    row: QuietRow
    form: _Form
    seq: int
    hash: str


def _with_heads(rows: Sequence[QuietRow], forms: _Forms) -> Iterator[_Held]:
    """Yield those that hold and have a chain."""
    heads = read_heads([row.chain for row in rows])
    for row in rows:
        form = forms.of(row)
        if form is not None and row.chain in heads:
            yield _Held(row, form, *heads[row.chain])


def _events(work: TickWork, holding: Iterable[_Held]) -> Iterator[RawEvent]:
    whole, began = _row_form(work), event_begin(work.slot)
    with exact():
        for held in holding:
            yield _event(held, whole, began)


def _event(held: _Held, whole: str, began: str) -> RawEvent:
    row, form, seq, last = held
    chain, said = row.chain, row.said
    seq += 1
    key = began + row.event_end
    message = form.message.format(move_pct(row.anchor_price, form.price), said[0])
    inputs = form.inputs % said
    pct = _stock_pct(row, form.price)
    outputs = form.outputs % (row.buy_at, message, row.sell_at, pct, pct)
    position = chain.removeprefix("position/")
    content = whole % (chain, key, inputs, message, outputs, position, last, seq, row.tenant)
    return RawEvent(
        key.replace("-", ""),
        chain,
        seq,
        last,
        hash_of(content),
        message,
        inputs,
        outputs,
        row.stored_tenant,
        row.stored,
    )


def _stock_pct(row: QuietRow, price: Decimal) -> str:
    stock = row.qty * price
    value = stock + row.cash + row.dividend_receivable
    return f'"{plain(to_six(stock * _HUNDRED / value))}"' if value else "null"


def _on_good_quotes(work: TickWork, rows: Sequence[QuietRow]) -> list[QuietRow]:
    good = {source for source in work.quotes if work.is_good(source)}
    return [row for row in rows if (row.market_provider, row.ticker) in good]


def _without_stopped(rows: list[QuietRow]) -> list[QuietRow]:
    """Leave out those that a switch stands over: their outcome is another."""
    stopped = set(_STOPPED.rows())
    if not stopped:
        return rows
    over = [{(None, None), (row.tenant_id, None), (None, row.pk)} for row in rows]
    return [row for row, owners in zip(rows, over, strict=True) if not owners & stopped]


# What each chunk reads, however little there is of it.
_STOPPED = Prepared(
    lambda: TradingSwitch.objects.exclude(state=TradingState.ACTIVE).values_list("tenant_id", "position_id")
)
