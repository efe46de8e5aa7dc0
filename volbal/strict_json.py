"""JSON without surprises: numbers stay text, NaN and duplicate keys are refused, depth costs nothing."""

from __future__ import annotations

import json
from typing import Any

from volbal.errors import MalformedJson
from volbal.fields import JsonNumber


def loads(raw: bytes) -> Any:
    """Read JSON; numbers come out as JsonNumber. Raises MalformedJson."""
    try:
        return json.loads(
            raw.decode("utf-8"),
            parse_float=JsonNumber,
            parse_int=JsonNumber,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique_keys,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedJson(_reason(error)) from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("A key appears twice in one object.")
    return result


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "It is nested too deep."
    if isinstance(error, UnicodeDecodeError):
        return "It is not UTF-8."
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}."
    return str(error)
