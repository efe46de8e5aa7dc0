"""What a finished optimization says: its ranking, its verdict, its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from configs.words import SETTINGS
from simulation.heatmap import Heatmap, heatmap_svg
from simulation.metrics import RANKED, Metrics
from simulation.models import Optimization, Trial
from simulation.overfitting import EXCESS, LESS_IS_BETTER, Candidate, judge, ranking
from simulation.run_words import FIGURES
from simulation.trials import ALL
from volbal.errors import OutOfRange

# What an optimization may be ranked by.
RANKS = {*RANKED, EXCESS, "excess_return_pct"}


def candidates_of(optimization: Optimization) -> list[Candidate]:
    """Return all trials that came to something, by number."""
    rows = Trial.objects.filter(optimization=optimization).order_by("number")
    return [_candidate(row) for row in rows if "error" not in row.metrics]


def verdict_of(optimization: Optimization, pull_back: float | None) -> dict[str, Any] | None:
    """Judge a complete optimization; return the verdict as plain JSON, None if nothing can be ranked.

    `pull_back` is its price's `pull_back_score`.
    """
    candidates = candidates_of(optimization)
    verdict = judge(candidates, optimization.grid, optimization.rank_by, optimization.folds, pull_back)
    if verdict is None:
        return None
    return {**asdict(verdict), "summary": verdict.summary}


def ranked_trials(
    optimization: Optimization, *, rank_by: str | None = None, part: str = ALL
) -> list[Candidate]:
    """Return the trials so far, the best first by a figure over a part (`all`, `train`, `test`, `test_2`).

    Raises OutOfRange for a figure that ranks nothing.
    """
    name = optimization.rank_by if rank_by is None else rank_by
    if name not in RANKS:
        raise OutOfRange(f"rank_by: choose one of {', '.join(sorted(RANKS))}.", field="rank_by")
    return ranking(candidates_of(optimization), name, part)


def heatmap_of(
    optimization: Optimization,
    *,
    x: str | None = None,
    y: str | None = None,
    figure: str | None = None,
    part: str = ALL,
    candidates: Sequence[Candidate] | None = None,
) -> SafeString:
    """Draw a figure over two fields of the grid, the first two unless said; of the others the best value.

    `candidates` are its trials, if they were read before. Raises OutOfRange for a field that the grid
    doesn't have.
    """
    grid, figure = optimization.grid, figure or optimization.rank_by
    names = list(grid)
    x = x or names[0]
    y = y or next((name for name in names if name != x), x)
    for name in (x, y):
        if name not in grid:
            raise OutOfRange(f"{name[:40]} isn't in the grid.", field="grid")
    verdict = optimization.verdict or {}
    candidates = candidates_of(optimization) if candidates is None else candidates
    best = next((c.values for c in candidates if c.number == verdict.get("best")), None)
    return heatmap_svg(
        Heatmap(
            title=f"{FIGURES[figure].label} by {SETTINGS[x].label} and {SETTINGS[y].label}",
            x_name=SETTINGS[x].label,
            y_name=SETTINGS[y].label,
            x_values=grid[x],
            y_values=grid[y],
            scores=_best_scores(candidates, x, y, figure, part),
            more_is_better=figure not in LESS_IS_BETTER,
            marked=None if best is None else (best[x], best[y]),
        )
    )


def _best_scores(
    candidates: Sequence[Candidate], x: str, y: str, figure: str, part: str
) -> Mapping[tuple[str, str], float | None]:
    scores: dict[tuple[str, str], float | None] = {}
    better = min if figure in LESS_IS_BETTER else max
    for candidate in candidates:
        score = candidate.figure(figure, part)
        key = candidate.values[x], candidate.values[y]
        known = scores.get(key)
        scores[key] = score if known is None else known if score is None else better(known, score)
    return scores


def _candidate(row: Trial) -> Candidate:
    return Candidate(
        number=row.number,
        values=row.values,
        metrics=_read(row.metrics),
        parts={name: _read(part) for name, part in row.parts.items()},
        blocks=row.blocks,
    )


def _read(figures: Mapping[str, Any]) -> Metrics:
    return {name: Decimal(value) if isinstance(value, str) else value for name, value in figures.items()}
