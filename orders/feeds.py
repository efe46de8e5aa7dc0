"""What breakers act on: prices of a live feed, not history and not what somebody gave."""

from __future__ import annotations

from market.providers.registry import provider
from positions.models import Position
from volbal.values import MarketQuote

# The source of a price that somebody gave.
MANUAL_SOURCE = "manual"


def comes_from_feed(position: Position, quote: MarketQuote | None) -> bool:
    """Whether a quote of a position came from a live feed."""
    return quote is not None and quote.source != MANUAL_SOURCE and follows_feed(position)


def follows_feed(position: Position) -> bool:
    """Whether a position's prices are not stored history."""
    return not provider(position.market_provider).is_confirmed
