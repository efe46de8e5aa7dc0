"""A grid's results as a picture: server-rendered SVG, no script, no inline style.

Colours are classes, `heat-0` (worst) to `heat-9` (best), `heat-none` where nothing is known; the pages'
stylesheet gives them their colours in light and dark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe

STEPS = 10
CELL_WIDTH, CELL_HEIGHT = 44, 26
LEFT, TOP, BOTTOM = 96, 28, 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """What is drawn: values along both axes, a score by (x, y), the cell to mark, and what to call it all.

    `scores` are None or absent where nothing is known. `more_is_better` says which end is the best.
    """

    title: str
    x_name: str
    y_name: str
    x_values: Sequence[str]
    y_values: Sequence[str]
    scores: Mapping[tuple[str, str], float | None]
    more_is_better: bool = True
    marked: tuple[str, str] | None = None


def heatmap_svg(heatmap: Heatmap) -> SafeString:
    """Draw it. Each cell has its numbers in a title, for the mouse and for screen readers."""
    width = LEFT + CELL_WIDTH * len(heatmap.x_values) + 8
    height = TOP + CELL_HEIGHT * len(heatmap.y_values) + BOTTOM
    parts = [
        f'<svg class="heatmap" role="img" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(heatmap.title)}</title>',
        *_axes(heatmap, height),
        *_cells(heatmap),
        "</svg>",
    ]
    return mark_safe("".join(parts))  # noqa: S308  every text in it is escaped


def _axes(heatmap: Heatmap, height: int) -> list[str]:
    middle = LEFT + CELL_WIDTH * len(heatmap.x_values) // 2
    words = [
        f'<text class="heat-axis" x="0" y="{TOP - 12}">{escape(heatmap.y_name)}</text>',
        f'<text class="heat-axis" x="{middle}" y="{height - 4}" text-anchor="middle">'
        f"{escape(heatmap.x_name)}</text>",
    ]
    for column, value in enumerate(heatmap.x_values):
        x, y = LEFT + CELL_WIDTH * column + CELL_WIDTH // 2, height - BOTTOM + 14
        words.append(f'<text class="heat-tick" x="{x}" y="{y}" text-anchor="middle">{escape(value)}</text>')
    for row, value in enumerate(heatmap.y_values):
        y = _top(heatmap, row) + CELL_HEIGHT // 2 + 4
        words.append(
            f'<text class="heat-tick" x="{LEFT - 8}" y="{y}" text-anchor="end">{escape(value)}</text>'
        )
    return words


def _cells(heatmap: Heatmap) -> list[str]:
    known = [score for score in heatmap.scores.values() if score is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    cells = []
    for row, y_value in enumerate(heatmap.y_values):
        for column, x_value in enumerate(heatmap.x_values):
            score = heatmap.scores.get((x_value, y_value))
            step = "none" if score is None else str(_step(score, low, high, heatmap.more_is_better))
            marked = " heat-best" if heatmap.marked == (x_value, y_value) else ""
            told = "not enough data" if score is None else f"{score:.4g}"
            title = f"{heatmap.x_name} {x_value}, {heatmap.y_name} {y_value}: {told}"
            x, y = LEFT + CELL_WIDTH * column, _top(heatmap, row)
            cells.append(
                f'<rect class="heat-{step}{marked}" x="{x}" y="{y}" '
                f'width="{CELL_WIDTH - 2}" height="{CELL_HEIGHT - 2}"><title>{escape(title)}</title></rect>'
            )
    return cells


def _top(heatmap: Heatmap, row: int) -> int:
    """Rows rise from the bottom, as an axis does."""
    return TOP + CELL_HEIGHT * (len(heatmap.y_values) - 1 - row)


def _step(score: float, low: float, high: float, more_is_better: bool) -> int:
    if high <= low:
        return STEPS // 2
    place = (score - low) / (high - low)
    return min(int((place if more_is_better else 1 - place) * STEPS), STEPS - 1)
