"""Columns for limits that may be absent: a number, the word "none" (no limit), or null (inherits)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from volbal.errors import VolbalError
from volbal.fields import NO_LIMIT_WORD
from volbal.numbers import parse_decimal, plain

STORED_NO_LIMIT = -1


class LimitFormField(forms.Field):
    """Takes a plain number of at most `places` places, the word none, or nothing."""

    widget = forms.TextInput

    def __init__(self, *, places: int, **options: Any) -> None:
        self.places = places
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return plain(value) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | int | str | None:
        text = "" if value is None else str(value).strip()
        if not text:
            return None
        if text.lower() == NO_LIMIT_WORD:
            return NO_LIMIT_WORD
        try:
            number = parse_decimal(text, places=self.places, field=str(self.label or "limit"))
        except VolbalError as refusal:
            raise ValidationError(refusal.detail) from refusal
        return number if self.places else int(number)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data))
        except ValidationError:
            return True


class _LimitMixin:
    """Keeps "none" as -1, which no limit can be, and gives it back as the word."""

    places = 0

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        return NO_LIMIT_WORD if value == STORED_NO_LIMIT else value

    def to_python(self, value: Any) -> Any:
        return value if value == NO_LIMIT_WORD else super().to_python(value)  # type: ignore[misc]

    def get_prep_value(self, value: Any) -> Any:
        stored = STORED_NO_LIMIT if value == NO_LIMIT_WORD else value
        return super().get_prep_value(stored)  # type: ignore[misc]

    def run_validators(self, value: Any) -> None:
        if value != NO_LIMIT_WORD:
            super().run_validators(value)  # type: ignore[misc]

    def formfield(self, **options: Any) -> Any:
        # The admin would put in a widget for numbers, which can't hold the word.
        options["widget"] = forms.TextInput
        field: Any = self
        return models.Field.formfield(field, form_class=LimitFormField, places=self.places, **options)


class DecimalLimitField(_LimitMixin, models.DecimalField):  # type: ignore[type-arg]
    """A limit of 15 digits, 6 after the point."""

    places = 6


class WholeLimitField(_LimitMixin, models.BigIntegerField):  # type: ignore[type-arg]
    """A limit that counts something."""
