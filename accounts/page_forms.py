"""Forms of pages: decimals read as the ledger reads them, refusals of services beside their fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from accounts.form_memory import KEY_FIELD
from volbal.errors import VolbalError
from volbal.numbers import EXACT, MONEY_PLACES, PCT_PLACES, QTY_PLACES, parse_decimal, plain

# Commas between thousands, as people copy numbers; a comma anywhere else is no number here.
GROUPED = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?\Z", re.ASCII)


class DecimalTextField(forms.CharField):
    """A plain decimal number with at most `places` places, read without passing through float."""

    def __init__(self, *, places: int, unit: str = "", signed: bool = False, **options: Any) -> None:
        self.places, self.signed = places, signed
        # The length is the parser's business: a validator of Django's would ask the number for it.
        attributes = {"inputmode": "decimal", "autocomplete": "off", "data-unit": unit, "maxlength": 40}
        self.unit = unit
        super().__init__(**{"widget": forms.TextInput(attrs=attributes), **options})

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "").removeprefix("$").strip()
        if not text:
            return None
        return self._read(text.replace(",", "") if GROUPED.match(text) else text)

    def prepare_value(self, value: Any) -> Any:
        return plain(value) if isinstance(value, Decimal) else value

    def _read(self, text: str) -> Decimal:
        try:
            return parse_decimal(text, places=self.places, signed=self.signed, field="")
        except VolbalError as error:
            raise forms.ValidationError(_sentence(error.detail), code=error.code) from None


class MoneyField(DecimalTextField):
    """Dollars."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"places": MONEY_PLACES, "unit": "$", **options})


class PriceField(MoneyField):
    """Dollars per share."""


class SharesField(DecimalTextField):
    """Shares, down to a hundred millionth."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"places": QTY_PLACES, "unit": "shares", **options})


class PctField(DecimalTextField):
    """Percent points: 3 means 3 %."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"places": PCT_PLACES, "unit": "%", **options})


class RateField(PctField):
    """A fraction that people write in percent: 0.01 % is 0.0001."""

    def to_python(self, value: Any) -> Any:
        pct = super().to_python(value)
        return None if pct is None else EXACT.scaleb(pct, -2)

    def prepare_value(self, value: Any) -> Any:
        return plain(EXACT.scaleb(value, 2)) if isinstance(value, Decimal) else value


class ActionForm(forms.Form):
    """A form that does something, once: it carries a key made by the server."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False)
    # What a person can do about a refusal, by its code.
    ways_out: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, is_back: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.is_back = is_back  # typed before a log-out
        if is_back:
            self.leave_unjudged()

    def leave_unjudged(self) -> None:
        """Show what was typed without saying what is wrong with it."""
        self._errors = forms.utils.ErrorDict()

    @property
    def action_fields(self) -> list[forms.BoundField]:
        """Return the fields a person fills in."""
        return self.visible_fields()

    def set_key(self, key: str) -> None:
        """Put a key into the form that is shown, whatever key came in."""
        self.fields[KEY_FIELD].widget = FixedHidden(key)

    def refuse(self, error: VolbalError) -> None:
        """Show a service's refusal at the field that it names, else above all fields."""
        field = error.facts.get("field")
        name = field if isinstance(field, str) and field in self.fields else None
        text = self.words_of(_sentence(error.detail))
        way_out = self.ways_out.get(error.code, "")
        self.add_error(name, forms.ValidationError(f"{text} {way_out}".strip(), code=error.code))

    def words_of(self, detail: str) -> str:
        """Return a refusal in the words of this page."""
        return detail


class FixedHidden(forms.HiddenInput):
    """A hidden field that says the same whatever was sent."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def format_value(self, value: Any) -> str:
        return self.text


def _sentence(detail: str) -> str:
    """Return a detail without the name of the field in front: on a page that stands beside it."""
    name, colon, rest = detail.partition(": ")
    text = rest if colon and " " not in name else detail
    return text[:1].upper() + text[1:]
