"""How often a key may call: so many requests in each minute of the clock."""

from __future__ import annotations

import logging
import math

from django.conf import settings
from django.core.cache import cache

from accounts.errors import RateLimited

log = logging.getLogger(__name__)

WINDOW_S = 60


def count_call(key_id: str, now: float) -> None:
    """Count one request of a key at `now` (Unix seconds). Raises RateLimited past the limit of its minute.

    The counter lives in the cache: in Redis it is one for all processes, in local memory each has its own.
    A cache that is down lets requests pass: what it protects is the machine's time, never the books.
    """
    limit = settings.API_RATE_LIMIT_PER_MINUTE
    if limit <= 0:
        return
    window = int(now // WINDOW_S)
    try:
        calls = _next(f"calls:{key_id}:{window}")
    except Exception:
        log.warning("rate_limit_not_counted", exc_info=True)
        return
    if calls > limit:
        wait = max(1, math.ceil((window + 1) * WINDOW_S - now))
        raise RateLimited(f"This key may make {limit} requests a minute.", retry_after=wait)


def _next(name: str) -> int:
    """Add one and return the sum. Both steps are the cache's own, so that no call is lost to a race."""
    try:
        return cache.incr(name)
    except ValueError:  # the first in this minute: one of those who come together makes it
        cache.add(name, 0, timeout=2 * WINDOW_S)
        return cache.incr(name)
