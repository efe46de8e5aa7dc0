"""Drawings and pieces of pages for templates. Available in every template."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

from volbal_site import svg
from volbal_site.svg_curves import Values
from volbal_site.svg_curves import curves as drawn
from volbal_site.templatetags.amounts import pct

register = template.Library()


@register.simple_tag
def guardrail_bar(stock_pct: Decimal | None, low_pct: Decimal, high_pct: Decimal) -> SafeString:
    """Draw the stock % between its guardrails, and say it."""
    where = "no stock % yet" if stock_pct is None else f"{pct(stock_pct)} stock"
    return svg.rail(
        stock_pct, low_pct, high_pct, f"{where}, guardrails {pct(low_pct, 0)} to {pct(high_pct, 0)}"
    )


@register.simple_tag
def sparkline(values: list[Decimal | None], words: str) -> SafeString:
    """Draw a small line of values."""
    return svg.spark(values, words)


@register.simple_tag
def sparklines(values: list[Decimal], others: list[Decimal], words: str) -> SafeString:
    """Draw two small lines of values on one scale."""
    return svg.sparks(values, others, words)


@register.simple_tag
def curves(*series: Values) -> SafeString:
    """Draw up to four series of values on one scale; the figures stand beside it."""
    return drawn(series)


@register.simple_tag
def share_bar(share: Decimal, words: str, tone: str = "even") -> SafeString:
    """Draw how much of something is used up, from 0 to 1."""
    return svg.bar(share, words, tone=tone)


@register.inclusion_tag("pages/field.html")
def field(bound: BoundField, unit: str = "", *, say_optional: bool = True) -> Mapping[str, Any]:
    """Show a form's field with its label, unit, help and errors, tied together for screen readers."""
    kind = getattr(bound.field.widget, "input_type", "")
    is_group = bool(bound.field.widget.use_fieldset)
    notes = [f"{bound.auto_id}-{part}" for part in ("help", "errors") if _has(bound, part)]
    attributes: dict[str, str | bool] = {
        **({"aria-describedby": " ".join(notes)} if notes else {}),
        **({"aria-invalid": "true"} if bound.errors else {}),
    }
    return {
        "field": bound,
        "widget": bound.as_widget(attrs=attributes),
        "unit": unit or getattr(bound.field, "unit", ""),
        "is_group": is_group,
        "is_optional": say_optional and not bound.field.required,
        "is_choice": kind in ("checkbox", "radio") and not is_group,
    }


def _has(bound: BoundField, part: str) -> bool:
    return bool(bound.errors if part == "errors" else bound.help_text)
