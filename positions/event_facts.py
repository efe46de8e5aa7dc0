"""What an event knew and what followed from it, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

WORDS = {"qty": "shares", "ts": "time", "dps": "dividend a share"}


class Fact(NamedTuple):
    """One thing that an event kept: what it is called, and its value as text."""

    name: str
    value: str


def facts_of(kept: Any) -> list[Fact]:
    """Return the facts of an event's inputs or outputs, those inside others under both names."""
    return list(_facts("", kept))


def _facts(name: str, value: Any) -> Iterator[Fact]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _facts(f"{name}: {_words(key)}" if name else _words(key), inner)
    elif isinstance(value, list):
        yield Fact(name, ", ".join(_text(one) for one in value) or "none")
    else:
        yield Fact(name, _text(value))


def _words(key: str) -> str:
    return WORDS.get(key, key.removesuffix("_pct").replace("_", " ") + (" %" if key.endswith("_pct") else ""))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "") else str(value)
