"""Three brokers of paper, each a process of its own at an address that the environment names."""

from __future__ import annotations

import os

from orders.brokers.paper_http import PaperHttpBroker

NAMES = ("first", "second", "third")


class First(PaperHttpBroker):
    name = "first"

    def address(self) -> str:
        return os.environ[address_key(self.name)]


class Second(First):
    name = "second"


class Third(First):
    name = "third"


PATHS = {kind.name: f"{__name__}.{kind.__name__}" for kind in (First, Second, Third)}


def address_key(name: str) -> str:
    """Return the name under which the environment has a broker's address."""
    return f"ADDRESS_OF_{name.upper()}"
