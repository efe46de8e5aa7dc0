"""Types that every room's API schemas share: decimals from text and back, tickers, pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from annotated_types import Ge, Le
from django.db import models
from django.http import HttpResponse
from ninja import Query, Schema
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from volbal.errors import OutOfRange, VolbalError
from volbal.fields import (
    JsonNumber,
    read_day,
    read_decimal,
    read_moment,
    read_price,
    read_text,
    read_ticker,
    read_whole,
)
from volbal.numbers import plain

MOST_ITEMS = 500
FLAGS = {"true": True, "false": False}
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2199, 12, 31, tzinfo=UTC)


class InSchema(Schema):
    """What comes in: unknown fields are refused, and so is a number where an object belongs."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _is_an_object(cls, raw: Any) -> Any:
        if isinstance(raw, JsonNumber):  # else its attributes, which it has none of, would be read as fields
            raise PydanticCustomError("out-of-range", "must be an object.")
        return raw


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
# What `read_text` doesn't take, as far as a pattern can say it.
_UNSEEN = r"\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"


def text_in(longest: int) -> Any:
    """Return the type of a line of text for people; a number is none."""

    def read(raw: object) -> str:
        if not isinstance(raw, str) or isinstance(raw, JsonNumber):
            raise OutOfRange("must be text.")
        if len(raw) > longest or not raw.isprintable():
            raise OutOfRange(f"1 to {longest} printable characters.")
        return read_text(raw, longest=longest, field="value")

    return Annotated[
        str,
        _reads(read),
        WithJsonSchema(
            {
                "type": "string",
                "minLength": 1,
                "maxLength": longest,
                "pattern": f"^ *[^ {_UNSEEN}][^{_UNSEEN}]*$",
            }
        ),
    ]


DayIn = Annotated[
    date,
    _reads(lambda raw: read_day(raw, field="value")),
    WithJsonSchema({"type": "string", "format": "date"}),
]


def _in_utc(at: datetime) -> datetime:
    try:
        utc = at.astimezone(UTC)
    except OverflowError:
        utc = datetime.max.replace(tzinfo=UTC)
    if not EARLIEST <= utc <= LATEST:
        raise PydanticCustomError("out-of-range", "must lie between the years 1990 and 2199.")
    return utc


MomentIn = Annotated[
    datetime,
    _reads(lambda raw: read_moment(raw, field="value")),
    AfterValidator(_in_utc),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
DecimalOut = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}),
]


def _flag(raw: object) -> object:
    if isinstance(raw, str) and raw not in FLAGS:
        raise PydanticCustomError("out-of-range", "write true or false.")
    return FLAGS[raw] if isinstance(raw, str) else raw


Flag = Annotated[bool, BeforeValidator(_flag)]
Limit = Annotated[int, _reads(lambda raw: read_whole(raw, field="value")), Ge(1), Le(MOST_ITEMS)]
Offset = Annotated[int, _reads(lambda raw: read_whole(raw, field="value")), Ge(0), Le(10**9)]

FirstDay = Annotated[DayIn | None, Query(alias="from")]
LastDay = Annotated[DayIn | None, Query(alias="to")]


def page(rows: models.QuerySet[Any], limit: int, offset: int) -> dict[str, Any]:
    """Return one page of a list, and how many there are in all."""
    return {"items": list(rows[offset : offset + limit]), "count": rows.count()}
