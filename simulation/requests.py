"""What somebody asks to have run: read, checked against the history that there is, and read again later."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from accounts.transactions import read_one, require_unit_of_work
from market.csv_files import read_bars, read_dividends, read_splits
from market.errors import BadFile
from market.values import DayBar, History
from simulation.histories import history_of
from simulation.models import Job, StoredHistory
from simulation.setup import FillModel, Settings, starting_state
from volbal.errors import OutOfRange
from volbal.fields import GROUPS, NO_LIMIT_WORD, Field, NumberField, read_group, read_ticker
from volbal.policy import check_config
from volbal.values import GuardrailConfig, OrderPolicyConfig, PositionState, TriggerConfig

EMPTY_DIVIDENDS = "ex_date,pay_date,dps,currency\n"
EMPTY_SPLITS = "date,new_shares,old_shares\n"
MOST_BARS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A ticker's history from `start` to `end`, both inclusive, the cell at its first close, settings, fill.

    `history_id` names a history that the tenant brought along; without it the stored or bundled one counts.
    """

    ticker: str
    start: date | None = None
    end: date | None = None
    qty: Decimal | None = None
    cash: Decimal | None = None
    settings: Settings = field(default_factory=Settings)
    fill: FillModel = FillModel.CLOSE
    history_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a request stands on: the history, and the cell at its first close."""

    history: History
    start: PositionState
    stored: StoredHistory | None

    @property
    def last_date(self) -> date:
        """The last day of the history."""
        return self.history.bars[-1].date


def ground_of(request: RunRequest, tenant_id: UUID) -> Ground:
    """Find the history and the start that a request means.

    Raises UnknownTicker, NotFound for another's history, and OutOfRange for a span without bars.
    """
    stored = None
    if request.history_id is not None:
        mine = StoredHistory.objects.filter(tenant_id=tenant_id, pk=request.history_id)
        stored = read_one(mine, "history")
    history = _history(stored, request.ticker, request.start, request.end)
    return Ground(
        history=history,
        start=starting_state(history.ticker, history.bars[0], qty=request.qty, cash=request.cash),
        stored=stored,
    )


def ground_of_job(job: Job) -> Ground:
    """Find again what a saved job stands on."""
    history = _history(job.history, job.ticker, job.first_date, job.last_date)
    start = starting_state(history.ticker, history.bars[0], qty=job.qty, cash=job.cash)
    return Ground(history=history, start=start, stored=job.history)


def settings_of_job(job: Job) -> Settings:
    """Read a job's settings."""
    return settings_from_groups(job.settings)


def settings_from_groups(groups: Mapping[str, Mapping[str, Any]], base: Settings | None = None) -> Settings:
    """Read settings given by group over others; null and `none` stand for no limit.

    Raises UnknownField, InvalidNumber, OutOfRange or InvalidConfig.
    """
    given = Settings() if base is None else base
    values = given.by_group()
    for group, changes in groups.items():
        values[group] |= changes
    read = {group: _read_group(group, fields) for group, fields in values.items()}
    settings = Settings(
        trigger=TriggerConfig(**read["trigger"]),
        guardrail=GuardrailConfig(**read["guardrail"]),
        order_policy=OrderPolicyConfig(**read["order_policy"]),
    )
    check_config(settings.trigger, settings.guardrail, settings.order_policy)
    return settings


def keep_history(
    *,
    tenant_id: UUID,
    ticker: str,
    bars: str,
    dividends: str = EMPTY_DIVIDENDS,
    splits: str = EMPTY_SPLITS,
    source: str = "upload",
) -> StoredHistory:
    """Keep a history given as the text of its CSV files, for runs of this tenant.

    Raises BadFile with file, line and reason, and InvalidTicker. Columns: docs/commands.md, "import_history".
    """
    require_unit_of_work()
    kept = StoredHistory(
        tenant_id=tenant_id,
        ticker=read_ticker(ticker),
        source=source,
        bars=bars,
        dividends=dividends or EMPTY_DIVIDENDS,
        splits=splits or EMPTY_SPLITS,
    )
    if len(_read(kept).bars) > MOST_BARS:
        raise BadFile(f"bars.csv: at most {MOST_BARS:,} bars.")
    kept.save()
    return kept


def as_csv(history: History) -> dict[str, str]:
    """Write a history as the texts that `keep_history` takes."""
    bars = [f"{b.date},{b.open:f},{b.high:f},{b.low:f},{b.close:f},{b.volume}\n" for b in history.bars]
    dividends = [f"{d.ex_date},{d.pay_date},{d.dps:f},{d.currency}\n" for d in history.dividends]
    splits = [f"{s.date},{s.new_shares},{s.old_shares}\n" for s in history.splits]
    return {
        "bars": "date,open,high,low,close,volume\n" + "".join(bars),
        "dividends": EMPTY_DIVIDENDS + "".join(dividends),
        "splits": EMPTY_SPLITS + "".join(splits),
    }


def _read_group(group: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    done = {name: value for name, value in fields.items() if _is_read(GROUPS[group].get(name), value)}
    plain = {name: value for name, value in fields.items() if name not in done}
    none = {name: None if value == NO_LIMIT_WORD else value for name, value in plain.items()}
    return done | read_group(group, none)


def _is_read(kind: Field | None, value: object) -> bool:
    """Say whether a value is a number already, which JSON's true is not."""
    return isinstance(kind, NumberField) and (isinstance(value, Decimal) or type(value) is int)


def _history(stored: StoredHistory | None, ticker: str, start: date | None, end: date | None) -> History:
    if stored is None:
        return history_of(ticker, start=start, end=end)
    whole = _parsed(stored.pk)
    bars = tuple(bar for bar in whole.bars if _is_within(bar, start, end))
    if not bars:
        raise OutOfRange(f"There are no bars of {ticker} between these dates.", field="from")
    return History(ticker=whole.ticker, bars=bars, dividends=whole.dividends, splits=whole.splits)


def _is_within(bar: DayBar, start: date | None, end: date | None) -> bool:
    return (start is None or bar.date >= start) and (end is None or bar.date <= end)


@lru_cache(maxsize=4)
def _parsed(history_id: UUID) -> History:
    """Read a history once; its row never changes."""
    return _read(StoredHistory.objects.get(pk=history_id))


def _read(stored: StoredHistory) -> History:
    with tempfile.TemporaryDirectory(prefix="history-") as folder:
        files = {name: Path(folder) / f"{name}.csv" for name in ("bars", "dividends", "splits")}
        for name, path in files.items():
            path.write_text(getattr(stored, name), encoding="utf-8", newline="")
        return History(
            ticker=stored.ticker,
            bars=read_bars(files["bars"]),
            dividends=read_dividends(files["dividends"]),
            splits=read_splits(files["splits"]),
        )
