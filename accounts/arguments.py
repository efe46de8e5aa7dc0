"""Arguments of commands, read by the readers that everything else uses."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

from volbal.errors import VolbalError

T = TypeVar("T")


def argument(read: Callable[[str], T]) -> Callable[[str], T]:
    """Make a reader an argparse type: its refusal is a usage error."""

    def convert(text: str) -> T:
        try:
            return read(text)
        except VolbalError as error:
            raise argparse.ArgumentTypeError(error.detail) from None

    return convert
