"""Brokers by name, from the setting BROKERS."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from orders.brokers.base import Broker
from volbal.errors import OutOfRange


@cache
def broker_named(name: str) -> Broker:
    """Return the broker registered under `name`, one instance a process. Raises OutOfRange."""
    path = settings.BROKERS.get(name)
    if path is None:
        known = ", ".join(sorted(settings.BROKERS))
        raise OutOfRange(f"broker: choose one of {known}.", field="broker")
    broker: Broker = import_string(path)()
    return broker
