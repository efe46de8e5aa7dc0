"""Recording every evaluation of positions to which nothing happens: straight from rows to rows.

Only for `RECORD_EVALUATIONS=all`. What is recorded is what `carry_out` would record of the same HOLD, to the
letter, and a test compares them: what positions share is written once, by the same functions, and what
differs is put in its places. Decisions that a watch doesn't vouch for go the usual way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum

from configs.resolver import EffectiveConfig, effective_configs
from orders.circumstances import Circumstances, snapshot_in
from orders.models import RulesVersion, TickChunk, TradingState, TradingSwitch
from orders.snapshot import Snapshot, decision_as_facts, facts_of, snapshot_as_facts
from orders.switches import share_switches
from orders.tick_evaluation import TickWork, event_of
from orders.tick_scan import QuietRow, positions_with_settings, quiet_positions
from positions.chains import as_json, canonical, hash_of, hashed_columns
from positions.event_types import EventType
from positions.models import Event, EventScope, Position
from positions.raw_events import RawEvent, read_heads, write_events
from volbal.explain import of_hold
from volbal.numbers import exact, plain, to_six
from volbal.trading_day import trading_date
from volbal.values import Action, Decision, MarketQuote, TriggerConfig

Whose = UUID | tuple[UUID, str]
Settings = Mapping[Whose, EffectiveConfig]

_HUNDRED = Decimal(100)
# What a decision looks at of a position.
_COLUMNS = QuietRow._fields[: QuietRow._fields.index("buy_at")]
# Values that differ, in the order in which sorted keys bring them; those in _RAW are JSON themselves.
_INPUTS = ("anchor_price", "cash", "dividend_receivable", "qty", "ticker", "quote")
_OUTPUTS = ("buy_at", "explanation", "sell_at", "stock_pct_after", "stock_pct_before")
_ROW = ("chain", "id", "inputs", "message", "outputs", "position_id", "prev_hash", "seq", "tenant_id")
_RAW = frozenset(
    {"quote", "buy_at", "sell_at", "stock_pct_after", "stock_pct_before", "inputs", "outputs", "seq"}
)


@dataclass(frozen=True, slots=True)
class _Form:
    """What the events of some positions have in common, as text with a place for each value that differs."""

    trigger: TriggerConfig
    inputs: str
    outputs: str


def record_quiet(work: TickWork, chunk: TickChunk) -> set[UUID]:
    """Record that positions of a chunk hold, inside the caller's unit of work; return which."""
    share_switches()
    rules = _rules_seen()
    rows = _without_stopped(_on_good_quotes(work, quiet_positions(chunk, trading_date(work.stamp.at))))
    forms = _Forms(work, *_settings_of(rows, chunk))
    if rules != _rules_seen():
        return set()  # changed while we looked: what the watches vouch for was decided by others
    events = list(_events(work, rows, forms))
    write_events(events, _shared(work))
    work.recorded += len(events)
    return {event.position_id for event in events}


def _settings_of(rows: Sequence[QuietRow], chunk: TickChunk) -> tuple[set[UUID], Settings]:
    """Return which positions have settings of their own, and the settings in force, by `_whose`."""
    own = positions_with_settings(chunk)
    one_of_each = {_whose(row, own): row for row in rows}
    resolved = effective_configs(one_of_each.values())  # type: ignore[arg-type]  # all that is asked is there
    return own, {whose: resolved[row.pk] for whose, row in one_of_each.items()}


def _whose(row: QuietRow, own: set[UUID]) -> Whose:
    """Return what decides about a position's settings: itself, or its tenant and its ticker."""
    return row.pk if row.pk in own else (row.tenant_id, row.ticker)


class _Forms:
    """Makes each form once: one for all positions with the same settings, broker and kind of quote."""

    def __init__(self, work: TickWork, own: set[UUID], settings: Settings) -> None:
        self._work = work
        self._own = own
        self._settings = settings
        self._made: dict[tuple[int, str, str, bool], _Form | None] = {}

    def of(self, row: QuietRow, quote: MarketQuote) -> _Form | None:
        """Return the form of a position's event; None if it doesn't hold after all."""
        effective = self._settings[_whose(row, self._own)]
        key = (id(effective), row.broker, quote.source, quote.is_real)
        if key not in self._made:
            self._made[key] = self._make(row, effective, quote)
        return self._made[key]

    def _make(self, row: QuietRow, effective: EffectiveConfig, quote: MarketQuote) -> _Form | None:
        around = Circumstances(effective=effective, orders=[], state=TradingState.ACTIVE)
        columns = {name: getattr(row, name) for name in _COLUMNS}
        snapshot = snapshot_in(around, Position(**columns), quote, self._work.stamp.at)
        decision = snapshot.decide()
        if decision.action is not Action.HOLD:
            return None
        return _Form(snapshot.trigger, _inputs_form(snapshot, effective), _outputs_form(decision))


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


def _events(work: TickWork, rows: Sequence[QuietRow], forms: _Forms) -> Iterator[RawEvent]:
    heads = read_heads([f"position/{row.pk}" for row in rows])
    quotes = {source: checked.quote for source, checked in work.quotes.items()}
    texts = {source: canonical(as_json(facts_of(quote))) for source, quote in quotes.items()}
    whole = _row_form(work)
    with exact():
        for row in rows:
            source, chain = (row.market_provider, row.ticker), f"position/{row.pk}"
            quote = quotes[source]
            form = None if quote is None else forms.of(row, quote)
            if quote is not None and form is not None and chain in heads:
                event_id = event_of(row.pk, work.slot)
                yield _event(row, quote.price, texts[source], form, whole, chain, heads[chain], event_id)


def _event(
    row: QuietRow,
    price: Decimal,
    quote: str,
    form: _Form,
    whole: str,
    chain: str,
    head: tuple[int, str],
    event_id: UUID,
) -> RawEvent:
    message = of_hold(row, price, form.trigger)  # type: ignore[arg-type]  # all that is asked is there
    pct, seq, last = _stock_pct(row, price), head[0] + 1, head[1]
    balances = (row.anchor_price, row.cash, row.dividend_receivable, row.qty)
    inputs = form.inputs % (*map(plain, balances), row.ticker, quote)
    outputs = form.outputs % (_ticks(row.buy_at), message, _ticks(row.sell_at), pct, pct)
    content = whole % (chain, event_id, inputs, message, outputs, row.pk, last, seq, row.tenant_id)
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
