"""Whether it runs, in one sentence: the first thing that the overview says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.pulses import worker_silence
from orders.models import TradingState, TradingSwitch
from volbal_site.pages.cells import Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is so, how good that is (the class of its badge), and the name of the page that says why."""

    title: str
    tone: str
    text: str
    page: str = ""


def verdict_of(totals: Totals, stopped: TradingSwitch | None, at: datetime) -> Verdict | None:
    """Say whether cells trade by themselves at `at`; None without a cell. What is worst is said."""
    if not totals.cells:
        return None
    if stopped is not None:
        return _stopped(stopped)
    silence = worker_silence(at)
    if silence is not None:
        return Verdict(
            title="Not running", tone="bad", text=f"Nothing is evaluated: {silence}.", page="health"
        )
    running = totals.cells - totals.paused
    if not running:
        return Verdict(
            title="Paused", tone="wait", text="No cell trades: all are paused. Resume those that should."
        )
    paused = f"; {totals.paused} paused" if totals.paused else ""
    return Verdict(title="Running", tone="good", text=f"{_cells(running)} by the rules{paused}.")


def _stopped(switch: TradingSwitch) -> Verdict:
    if switch.state == TradingState.HALTED:
        return Verdict(title="Stopped", tone="bad", text="No cell trades until trading is resumed.")
    return Verdict(title="Only sales", tone="wait", text="Cells sell by the rules and buy nothing.")


def _cells(count: int) -> str:
    return "1 cell trades" if count == 1 else f"{count} cells trade"
