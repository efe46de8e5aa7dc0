"""Types that every room's API schemas share: decimals from text and back, tickers, pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.db import models
from django.http import HttpResponse
from ninja import Query, Schema
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from volbal.errors import VolbalError
from volbal.fields import read_day, read_decimal, read_moment, read_price, read_ticker, read_whole
from volbal.numbers import plain

MOST_ITEMS = 500


class InSchema(Schema):
    """What comes in: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class OutSchema(BaseModel):
    """What goes out: read from attributes or from a dict.

    ninja's own base looks every attribute up through Python, a third of what a list of cells took.
    """

    model_config = ConfigDict(from_attributes=True)


def as_json(schema: type[BaseModel], result: object) -> str:
    """Write a result as JSON."""
    return schema.model_validate(result).model_dump_json()


def answer(schema: type[BaseModel], result: object) -> HttpResponse:
    """Answer 200 with a result; for long lists, which this writes in half the time."""
    return HttpResponse(as_json(schema, result), content_type="application/json")


def _reads(read: Callable[[object], Any]) -> BeforeValidator:
    """Make a reader of the core a validator whose errors carry the core's code."""

    def validate(raw: object) -> Any:
        if isinstance(raw, Decimal):
            return raw
        try:
            return read(raw)
        except VolbalError as error:
            raise PydanticCustomError(error.code, "{detail}", {"detail": error.detail}) from None

    return BeforeValidator(validate)


def _decimal_in(places: int, *, signed: bool = False) -> Any:
    whole = 15 - places
    sign = "-?" if signed else ""
    pattern = rf"^{sign}(0|[1-9][0-9]{{0,{whole - 1}}})(\.[0-9]{{1,{places}}})?$"
    return Annotated[
        Decimal,
        _reads(lambda raw: read_decimal(raw, places=places, signed=signed, field="value")),
        WithJsonSchema({"anyOf": [{"type": "string", "pattern": pattern}, {"type": "number"}]}),
    ]


QtyIn = _decimal_in(8)
SignedQtyIn = _decimal_in(8, signed=True)
MoneyIn = _decimal_in(6)
SignedMoneyIn = _decimal_in(6, signed=True)
RateIn = _decimal_in(8)
SignedRateIn = _decimal_in(8, signed=True)
PriceIn = Annotated[
    Decimal,
    _reads(lambda raw: read_price(raw, field="value")),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$"},
                {"type": "number", "exclusiveMinimum": 0},
            ]
        }
    ),
]
TickerIn = Annotated[
    str, _reads(read_ticker), WithJsonSchema({"type": "string", "pattern": r"^[A-Za-z0-9.\-]{1,12}$"})
]
WholeIn = Annotated[
    int,
    _reads(lambda raw: read_whole(raw, field="value")),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,14})$"},
                {"type": "integer", "minimum": 0},
            ]
        }
    ),
]
DayIn = Annotated[
    date,
    _reads(lambda raw: read_day(raw, field="value")),
    WithJsonSchema({"type": "string", "format": "date"}),
]
MomentIn = Annotated[
    datetime,
    _reads(lambda raw: read_moment(raw, field="value")),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
DecimalOut = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}),
]

Limit = Annotated[int, Query(ge=1, le=MOST_ITEMS, description="how many at most")]
Offset = Annotated[int, Query(ge=0, le=10**9, description="how many to pass over")]


def page(rows: models.QuerySet[Any], limit: int, offset: int) -> dict[str, Any]:
    """Return one page of a list, and how many there are in all."""
    return {"items": list(rows[offset : offset + limit]), "count": rows.count()}
