"""The form of settings at one scope: every field its own value, or empty, which inherits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.http import QueryDict

from accounts.page_forms import (
    ActionForm,
    DecimalTextField,
    FixedHidden,
    RateField,
)
from accounts.page_once import LOOK_FIELD
from accounts.polls import version_of
from configs.layers import Layers, Values, value_in
from configs.rows import COMMISSION_RATE
from configs.words import CHOICES, GROUP_TITLES, SCOPES, SETTINGS, in_words
from volbal.fields import GROUPS, NO_LIMIT_WORD, PRESETS, BoolField, NumberField
from volbal.numbers import plain
from volbal.sizing import STRATEGIES

INHERIT, PRESET, ALL = "inherit:", "preset:", "all"
MONEY = {"min_notional", "max_daily_notional"}
SHARES = {"min_qty", "qty_step", "lot_size"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting on the page: its field, what would be inherited and from where, and its own value."""

    bound: forms.BoundField
    name: str
    inherited: str
    inherited_from: str
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One of the three groups of settings."""

    title: str
    rows: list[Row]


class LimitField(DecimalTextField):
    """A number, or the word none, which is no limit."""

    def to_python(self, value: Any) -> Any:
        is_none = isinstance(value, str) and value.strip().lower() in (NO_LIMIT_WORD, "no limit")
        return NO_LIMIT_WORD if is_none else super().to_python(value)


class SettingsForm(ActionForm):
    """All settings of one scope. `seen` says which values the person saw, so that no change gets lost."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, data: Any = None, *args: Any, layers: Layers, may_save: bool, has_rate: bool, **options: Any
    ) -> None:
        super().__init__(_refilled(data), *args, **options)
        self.layers, self.may_save = layers, may_save
        for group, name in _names(has_rate=has_rate):
            self.fields[name] = _field(group, name, layers)
            self.fields[name].disabled = not may_save
        self.fields["seen"].widget = FixedHidden(version_of_own(layers.own))
        self.has_rate = has_rate

    @property
    def drawn_by(self) -> str:
        """What settles how its fields look while nobody has entered anything: most cells inherit the same."""
        return version_of(self.layers.own, self.layers.inherited, self.has_rate, self.may_save)

    def groups(self) -> Iterator[Group]:
        """Yield the fields for the page, group by group."""
        for group, title in GROUP_TITLES.items():
            names = [name for of, name in _names(has_rate=self.has_rate) if of == group]
            yield Group(title=title, rows=[self._row(group, name) for name in names])

    def words_of(self, detail: str) -> str:
        """Return a refusal with the settings called as the page calls them."""
        return in_words(detail)

    def _row(self, group: str, name: str) -> Row:
        inherited = self.layers.inherited
        return Row(
            bound=self[name],
            name=name,
            inherited=shown(group, name, value_in(inherited, group, name)),
            inherited_from=SCOPES[inherited.scopes[group][name]],
            is_own=self[name].value() not in (None, ""),
        )


def settings_in(cleaned: Mapping[str, Any]) -> dict[str, dict[str, object]]:
    """Return what a form's entries say, by group and field, as the service takes it."""
    return {
        group: {name: _typed(group, name, cleaned[name]) for name in fields if name in cleaned}
        for group, fields in GROUPS.items()
    }


def version_of_own(own: Values) -> str:
    """Return a short text that differs when one of a scope's own values does."""
    return version_of(
        [
            (name, plain(value) if isinstance(value, Decimal) else str(value))
            for group in GROUPS
            for name, value in sorted(own[group].items())
        ]
    )


def shown(group: str, name: str, value: Any) -> str:
    """Write a setting's value for people."""
    if value == NO_LIMIT_WORD:
        return "no limit"
    if name in CHOICES:
        return CHOICES[name].get(str(value).lower(), str(value))
    if name == COMMISSION_RATE:
        return f"{plain(Decimal(value) * 100)} %"
    unit = getattr(_number(group, name), "unit", "")
    text = plain(value) if isinstance(value, Decimal) else str(value)
    return f"${text}" if unit == "$" else f"{text} {unit}".strip()


def _refilled(data: Any) -> Any:
    """Return the entries with those replaced that a button of the form fills in or empties."""
    asked = data.get(LOOK_FIELD, "") if data else ""
    if not asked.startswith((INHERIT, PRESET)):
        return data
    changed: QueryDict = data.copy()
    kind, _, what = asked.partition(":")
    for name, text in (_preset(what) if f"{kind}:" == PRESET else _emptied(what)).items():
        changed[name] = text
    return changed


def _preset(name: str) -> Mapping[str, str]:
    """Return what a preset fills in; what other presets set and this one doesn't is emptied."""
    touched = {field for preset in PRESETS.values() for fields in preset.values() for field in fields}
    own = {
        field: plain(value) for fields in PRESETS.get(name, {}).values() for field, value in fields.items()
    }
    return {field: own.get(field, "") for field in touched}


def _emptied(what: str) -> Mapping[str, str]:
    names = list(SETTINGS) if what == ALL else [what]
    return {name: "" for name in names if name in SETTINGS}


def _names(*, has_rate: bool) -> Iterator[tuple[str, str]]:
    """Yield (group, name) of the settings in the order of the page."""
    order = list(SETTINGS)
    for group, fields in GROUPS.items():
        for name in sorted(fields, key=order.index):
            if has_rate or name != COMMISSION_RATE:
                yield group, name


def _field(group: str, name: str, layers: Layers) -> forms.Field:
    words, own = SETTINGS[name], layers.own[group][name]
    options: dict[str, Any] = {"label": words.label, "help_text": words.help, "required": False}
    if name in CHOICES:
        return _choice(name, own, options)
    field = _number(group, name, **options)
    field.initial = own
    inherited = value_in(layers.inherited, group, name)
    placeholder = field.prepare_value(inherited) if isinstance(inherited, Decimal) else inherited
    field.widget.attrs["placeholder"] = placeholder
    return field


def _choice(name: str, own: Any, options: dict[str, Any]) -> forms.Field:
    words = CHOICES[name]
    known = {one: words.get(one, one) for one in STRATEGIES} if name == "order_sizing_strategy" else words
    choices = [("", "Inherited"), *known.items()]
    initial = "" if own is None else str(own).lower()
    return forms.ChoiceField(choices=choices, initial=initial, **options)


def _number(group: str, name: str, **options: Any) -> DecimalTextField:
    kind = cast(NumberField, GROUPS[group][name])  # the others are choices
    if name == COMMISSION_RATE:
        return RateField(**options)
    unit = "$" if name in MONEY else "shares" if name in SHARES else "%" if name.endswith(_PCT) else ""
    unit = "bp" if name == "slippage_bps" else unit
    field = LimitField if kind.may_be_none else DecimalTextField
    return field(places=kind.places, unit=unit, **options)


_PCT = ("_pct", "_pct_of_position")


def _typed(group: str, name: str, value: Any) -> object:
    """Return a cleaned value as the service takes it."""
    if value in (None, ""):
        return None
    if isinstance(GROUPS[group][name], BoolField):
        return value == "true"
    return value
