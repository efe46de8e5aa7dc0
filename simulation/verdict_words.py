"""What the guards against overfitting say, in the words of a person who has to decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from configs.words import SETTINGS
from simulation.models import Optimization

SHAPES = {
    "plateau": (
        "good",
        "Settings beside it do nearly as well (a plateau), so it doesn't hang on the exact numbers.",
    ),
    "spike": (
        "wait",
        "Settings beside it do much worse (a spike): slightly other numbers would not have worked.",
    ),
    "unknown": ("", "There are too few settings beside it to say whether it hangs on the exact numbers."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A verdict: whether to trust the best setting, why not, and what else is to be known as (tone, text)."""

    is_robust: bool
    trials: int
    reasons: list[str]
    notes: list[tuple[str, str]]


def verdict_in_words(optimization: Optimization) -> Told | None:
    """Return the verdict of an optimization; None where none was said."""
    verdict = optimization.verdict
    if verdict is None:
        return None
    return Told(
        is_robust=verdict["is_robust"],
        trials=verdict["trials"],
        reasons=list(verdict["reasons"]),
        notes=[
            *_luck(verdict),
            SHAPES[verdict["shape"]],
            *_edges(verdict),
            *_judged("On the days that didn't choose it", verdict["test_excess_ratio"]),
            *_judged("Chosen again and again walking forward", verdict["walk_forward_excess_ratio"]),
        ],
    )


def _luck(verdict: dict[str, Any]) -> list[tuple[str, str]]:
    likely = verdict["deflated_sharpe"]
    if likely is None:
        return []
    tone = "good" if likely >= 0.8 else "wait"
    trials = f"{verdict['trials']:,}"
    return [(tone, f"That it is more than the luckiest of {trials} tries: {likely * 100:.0f} % likely.")]


def _edges(verdict: dict[str, Any]) -> list[tuple[str, str]]:
    names = " and ".join(f"“{SETTINGS[name].label}”" for name in verdict["edges"])
    if not names:
        return [("good", "It lies inside the grid, not at its edge.")]
    return [("wait", f"It lies at the edge of the grid for {names}: what is beyond was not tried.")]


def _judged(where: str, ratio: float | None) -> list[tuple[str, str]]:
    if ratio is None:
        return [("", f"{where}: not enough data.")]
    what = "better" if ratio > 0 else "no better"
    return [("good" if ratio > 0 else "bad", f"{where}, it was {what} than holding ({ratio:+.2f}).")]
