"""Which provider a name stands for. One instance per process and name."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from market.providers.base import MarketProvider

_instances: dict[tuple[str, str], MarketProvider] = {}
_lock = Lock()


def provider(name: str | None = None) -> MarketProvider:
    """Return the provider called `name`, settings.MARKET_PROVIDER without one.

    Raises ImproperlyConfigured for a name that settings.MARKET_PROVIDERS doesn't have.
    """
    chosen = settings.MARKET_PROVIDER if name is None else name
    path = settings.MARKET_PROVIDERS.get(chosen)
    if path is None:
        known = ", ".join(sorted(settings.MARKET_PROVIDERS))
        raise ImproperlyConfigured(f"There is no market provider {chosen!r}; there are {known}.")
    with _lock:
        if (chosen, path) not in _instances:
            _instances[chosen, path] = import_string(path)()
        return _instances[chosen, path]


def now_on(name: str) -> datetime | None:
    """Return the moment that is "now" on the market of a provider, None if it doesn't say.

    Raises ImproperlyConfigured as `provider` does.
    """
    return provider(name).now()
