"""How templates speak of a cell. Available in every template."""

from __future__ import annotations

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from positions.alerting import is_replayed
from positions.models import Position
from volbal_site.templatetags.addresses import address_of

register = template.Library()

# That a cell trades on prices of the past is marked wherever it stands.
REPLAYED = ' <span class="quiet small">replayed</span>'


@register.simple_tag
def cell_link(cell: Position) -> SafeString:
    """Show a cell's ticker and number, and lead to its page. No template of its own: lists have fifty."""
    link = f'<a href="{address_of("position", cell.pk)}">{escape(cell.ticker)}</a>'
    marked = REPLAYED if is_replayed(cell) else ""
    return SafeString(f'<span>{link} <span class="quiet small">#{cell.number}</span>{marked}</span>')
