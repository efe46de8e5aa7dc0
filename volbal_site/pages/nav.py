"""The pages that one gets to from everywhere."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from django.urls import NoReverseMatch, reverse

# Names of addresses and what they are called. A page that isn't there yet is left out.
MAIN = (
    ("overview", "Overview"),
    ("orders", "Orders"),
    ("dividends", "Dividends"),
    ("analytics", "Analytics"),
    ("simulation", "Simulation"),
    ("activity", "Activity"),
    ("health", "Health"),
    ("settings", "Settings"),
)
SETTINGS = (
    ("tenant_config", "Trading rules"),
    ("commissions", "Commissions"),
    ("broker_accounts", "Broker accounts"),
    ("alert_channels", "Alerts"),
    ("members", "Members"),
    ("api_keys", "API keys"),
    ("account_change_password", "Password"),
    ("account_email", "E-mail"),
    ("mfa_index", "Second factor"),
    ("usersessions_list", "Sessions"),
)
FOR_OWNERS = frozenset({"members", "api_keys", "alert_channels"})


class Item(NamedTuple):
    """One page: its address and what it is called."""

    address: str
    label: str


def settings_items(*, may_configure: bool) -> list[Item]:
    """Return the pages of the settings that somebody may see."""
    return items(tuple(one for one in SETTINGS if may_configure or one[0] not in FOR_OWNERS))


@cache
def items(names: tuple[tuple[str, str], ...]) -> list[Item]:
    """Return those of the named pages that there are."""
    found = ((_address(name), label) for name, label in names)
    return [Item(address, label) for address, label in found if address]


def current(found: list[Item], path: str) -> str:
    """Return the address of the item under which `path` lies, the longest that fits, or ""."""
    fitting = [item.address for item in found if path == item.address or _is_under(path, item.address)]
    return max(fitting, key=len, default="")


def _is_under(path: str, address: str) -> bool:
    return address != "/" and path.startswith(address)


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
