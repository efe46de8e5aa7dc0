"""The form of an optimization: a run, and which settings are to be tried from where to where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from accounts.page_forms import DecimalTextField
from configs.rows import COMMISSION_RATE
from configs.words import CHOICES, SETTINGS
from simulation.grid import MOST_VALUES
from simulation.optimizations import MOST_FOLDS
from simulation.overfitting import EXCESS
from simulation.run_forms import RunForm
from simulation.run_words import FIGURES
from simulation.verdicts import RANKS
from volbal.numbers import EXACT, exact, plain
from volbal.sizing import STRATEGIES

ROWS = 4
# What is tried unless something else is said: the two thresholds, a hundred settings.
USUAL = (
    ("up_threshold_pct", Decimal(1), Decimal(10), Decimal(1)),
    ("down_threshold_pct", Decimal(1), Decimal(10), Decimal(1)),
)
WORDS: dict[str, dict[str, Any]] = {**CHOICES, "order_sizing_strategy": dict.fromkeys(STRATEGIES)}
NOTHING = ("", "Nothing")
BOUNDS = ("from", "to", "step")


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """One setting to try: the four fields of its line."""

    number: int
    what: forms.BoundField
    bounds: list[forms.BoundField]


class GridForm(RunForm):
    """Which settings are tried over which past prices, and what the best one is chosen by."""

    rank_by = forms.ChoiceField(
        label="The best is the one with",
        choices=[(name, FIGURES[name].label) for name in sorted(RANKS, key=list(FIGURES).index)],
        initial=EXCESS,
        help_text="More, or less where less is better. Everything can be ranked otherwise afterwards.",
    )
    train_pct = DecimalTextField(
        label="Days that choose it",
        places=0,
        unit="%",
        initial=Decimal(60),
        help_text="10 to 100. The rest of the days judge it.",
    )
    folds = DecimalTextField(
        label="Steps walking forward",
        places=0,
        initial=Decimal(4),
        help_text=f"0 to {MOST_FOLDS}. How often the choice is made again as time goes on.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for number in range(1, ROWS + 1):
            usual = USUAL[number - 1] if number <= len(USUAL) else ("", None, None, None)
            self.fields[f"what_{number}"] = forms.ChoiceField(
                label=f"Setting {number}", choices=_choices(), required=False, initial=usual[0]
            )
            for name, value in zip(BOUNDS, usual[1:], strict=True):
                self.fields[f"{name}_{number}"] = DecimalTextField(
                    label=name.capitalize(), places=8, required=False, initial=value
                )

    @property
    def grid_rows(self) -> Iterator[GridRow]:
        """Yield the lines of the grid."""
        for number in range(1, ROWS + 1):
            bounds = [self[f"{name}_{number}"] for name in BOUNDS]
            yield GridRow(number=number, what=self[f"what_{number}"], bounds=bounds)

    @property
    def ranked(self) -> list[forms.BoundField]:
        """Return the fields about choosing the best."""
        return [self[name] for name in ("rank_by", "train_pct", "folds")]

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        said["grid"] = {}
        for number in range(1, ROWS + 1):
            name = said.get(f"what_{number}", "")
            if name and name in said["grid"]:
                self.add_error(f"what_{number}", "It stands there already.")
            elif name:
                said["grid"][name] = self._values(name, number, said)
        if not said["grid"] and not self.errors:
            self.add_error("what_1", "Choose at least one setting to try.")
        return said

    def _values(self, name: str, number: int, said: Mapping[str, Any]) -> list[str]:
        if name in WORDS:
            return list(WORDS[name])
        values = self._numbers(number, said)
        return [plain(EXACT.scaleb(v, -2) if name == COMMISSION_RATE else v) for v in values]

    def _numbers(self, number: int, said: Mapping[str, Any]) -> list[Decimal]:
        first, last, step = (said.get(f"{part}_{number}") for part in BOUNDS)
        if first is None:
            self._complain(f"from_{number}", "From where?")
            return []
        if last is None or last == first:
            return [first]
        if step is None or step <= 0:
            self._complain(f"step_{number}", "In steps of how much? Above zero.")
            return []
        if last < first:
            self._complain(f"to_{number}", "Not below where it begins.")
            return []
        return self._steps(first, last, step, number)

    def _steps(self, first: Decimal, last: Decimal, step: Decimal, number: int) -> list[Decimal]:
        with exact():
            count = int(EXACT.divide_int(last - first, step)) + 1
            if count > MOST_VALUES:
                self._complain(f"step_{number}", f"These are {count:,} values; at most {MOST_VALUES}.")
                return []
            return [first + step * place for place in range(count)]

    def _complain(self, name: str, what: str) -> None:
        if name not in self.errors:
            self.add_error(name, what)


def _choices() -> list[tuple[str, str]]:
    return [NOTHING, *((name, words.label) for name, words in SETTINGS.items())]
