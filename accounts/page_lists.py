"""Lists on pages: narrowed by a form that is sent by GET, read slice by slice at a cost that doesn't grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django import forms
from django.db import models
from django.db.models import Q
from django.utils.functional import SimpleLazyObject

from volbal.errors import OutOfRange

M = TypeVar("M", bound=models.Model)
# The columns by which a list is ordered, newest first, and how their values are read from a cursor.
Order = Mapping[str, Callable[[str], Any]]

ROWS = 30
BETWEEN = "~"
LONGEST_CURSOR = 200


class DayField(forms.DateField):
    """A date of New York."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"widget": widget, "input_formats": ["%Y-%m-%d"], **options})


class FilterForm(forms.Form):
    """Narrows a list. Every field may be left empty; what makes no sense is said and narrows nothing."""

    def __init__(self, said: Any, **options: Any) -> None:
        super().__init__(said, auto_id="filter-%s", use_required_attribute=False, **options)
        for field in self.fields.values():
            field.required = False

    def wanted(self) -> dict[str, Any]:
        """Return what was said and makes sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was said at all."""
        return any(self.data.get(bound.name) for bound in self.visible_fields())


class SpanForm(FilterForm):
    """Narrows a list to dates of New York, both inclusive, named as in the API."""

    def __init__(self, said: Any, **options: Any) -> None:
        super().__init__(said, **options)
        self.fields["from"] = DayField(label="From", required=False)
        self.fields["to"] = DayField(label="To", required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        start, end = said.get("from"), said.get("to")
        if start and end and end < start:
            self.add_error("to", "Not before the first day.")
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Generic[M]):
    """Some rows of a list, newest first, and the cursor of those that follow, or nothing.

    `mark` is what settles how they look, if it is known without them: then `items` are only read if a page
    that has not been drawn before needs them.
    """

    items: Sequence[M]
    next: str
    mark: str = ""


def slice_below(rows: models.QuerySet[M], order: Order, cursor: str, *, limit: int = ROWS) -> Slice[M]:
    """Return the newest `limit` rows below a cursor ("" is the top). Raises OutOfRange for another's cursor.

    The columns of `order` together must tell any two rows apart.
    """
    if cursor:
        rows = rows.filter(_below(read_cursor(order, cursor)))
    return first_slice(list(newest_first(rows, order, limit=limit)), order, limit=limit)


def newest_first(rows: models.QuerySet[M], order: Order, *, limit: int = ROWS) -> models.QuerySet[M]:
    """Return the rows that a slice is made of, and one more that tells whether others follow."""
    return rows.order_by(*(f"-{name}" for name in order))[: limit + 1]


def first_slice(found: Sequence[M], order: Order, *, limit: int = ROWS) -> Slice[M]:
    """Return the slice made of what `newest_first` found."""
    items = found[:limit]
    return Slice(items=items, next=cursor_at(order, items[-1]) if len(found) > limit else "")


def opening(
    keys: Sequence[tuple[Any, ...]], read: Callable[[], Sequence[M]], order: Order, *, limit: int = ROWS
) -> Slice[M]:
    """Return the top of a list of which the keys are known: the columns of `order`, and what else of a row
    may change how it looks. `read` brings the rows that `newest_first` finds.
    """
    shown = keys[:limit]
    return Slice(
        items=cast("Sequence[M]", SimpleLazyObject(lambda: read()[:limit])),
        next=write_cursor(shown[-1][: len(order)]) if len(keys) > limit else "",
        mark=BETWEEN.join(_text(part) for key in shown for part in key),
    )


def merged(slices: Iterable[Slice[M]], order: Order, *, limit: int = ROWS) -> Slice[M]:
    """Return the newest `limit` rows of slices of one order that begin at one cursor."""
    slices = list(slices)
    rows = sorted(
        (row for one in slices for row in one.items), key=lambda row: _place(order, row), reverse=True
    )
    items = rows[:limit]
    is_more = len(rows) > limit or any(one.next for one in slices)
    return Slice(items=items, next=cursor_at(order, items[-1]) if is_more else "")


def _place(order: Order, row: models.Model) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in order)


def cursor_at(order: Order, row: models.Model) -> str:
    """Return the cursor below which the rows after this one are."""
    return write_cursor(getattr(row, name) for name in order)


def write_cursor(values: Iterable[Any]) -> str:
    """Return the cursor below which are rows with lower values than these."""
    return BETWEEN.join(_text(value) for value in values)


def read_cursor(order: Order, cursor: str) -> dict[str, Any]:
    """Return a cursor's values by column. Raises OutOfRange."""
    parts = cursor.split(BETWEEN)
    if len(cursor) > LONGEST_CURSOR or len(parts) != len(order):
        raise _unknown()
    try:
        return {name: read(part) for (name, read), part in zip(order.items(), parts, strict=True)}
    except ValueError:
        raise _unknown() from None


def _below(values: Mapping[str, Any]) -> Q:
    """Keep the rows after these values, in an order that goes down by each column in turn."""
    first, *_ = values
    after = Q()
    same: dict[str, Any] = {}
    for name, value in values.items():
        after |= Q(**same, **{f"{name}__lt": value})
        same[name] = value
    return Q(**{f"{first}__lte": values[first]}) & after  # said twice, for the sake of the index


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _unknown() -> OutOfRange:
    return OutOfRange("This place in the list is not known. Begin again at the top.", field="after")
