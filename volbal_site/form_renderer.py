"""Fields of forms, written without the template engine where they are a line of HTML.

Django renders each input through two or three templates, and a page of settings has fourteen of them. What is
written here is what those templates write, character by character (`tests/test_form_renderer.py` compares);
every other kind of widget is still Django's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import conditional_escape

Parts = Mapping[str, Any]


class QuickForms(DjangoTemplates):
    """Django's renderer, with inputs, selects and radio buttons written directly."""

    def render(
        self, template_name: str, context: Mapping[str, Any], request: HttpRequest | None = None
    ) -> str:
        write = WRITERS.get(template_name)
        if write is None:
            return super().render(template_name, dict(context), request)
        return write(context["widget"])


def written_input(widget: Parts) -> str:
    """Write an input of any type."""
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    name = conditional_escape(widget["name"])
    return f'<input type="{conditional_escape(widget["type"])}" name="{name}"{value}{_attributes(widget)}>'


def written_select(widget: Parts) -> str:
    """Write a select with its options."""
    groups = "".join(_written_group(name, options) for name, options, _ in widget["optgroups"])
    return f'<select name="{conditional_escape(widget["name"])}"{_attributes(widget)}>{groups}\n</select>'


def _written_group(name: str | None, options: list[Parts]) -> str:
    inside = "".join(_written_option(option) for option in options)
    if not name:
        return inside
    return f'\n  <optgroup label="{conditional_escape(name)}">{inside}\n  </optgroup>'


def _written_option(option: Parts) -> str:
    value, label = _text(option["value"]), conditional_escape(option["label"])
    return f'\n  <option value="{value}"{_attributes(option)}>{label}</option>\n'


def written_radios(widget: Parts) -> str:
    """Write radio buttons with their labels."""
    groups = "".join(_written_radio_group(name, options) for name, options, _ in widget["optgroups"])
    return f"<div{_named(widget, 'id')}{_named(widget, 'class')}>{groups}\n</div>"


def _written_radio_group(name: str | None, options: list[Parts]) -> str:
    inside = "".join(f"<div>\n    {_written_radio(option)}</div>" for option in options)
    if not name:
        return inside
    return f"\n  <div><label>{conditional_escape(name)}</label>{inside}\n  </div>"


def _written_radio(option: Parts) -> str:
    whose = _named(option, "id", called="for")
    return f"<label{whose}>{written_input(option)}\n {conditional_escape(option['label'])}</label>\n\n"


def _named(widget: Parts, name: str, called: str = "") -> str:
    """Write one attribute, if it says anything."""
    value = widget["attrs"].get(name)
    return f' {called or name}="{conditional_escape(value)}"' if value else ""


def _attributes(widget: Parts) -> str:
    return "".join(
        f" {conditional_escape(name)}" if value is True else f' {conditional_escape(name)}="{_text(value)}"'
        for name, value in widget["attrs"].items()
        if value is not False
    )


def _text(value: Any) -> str:
    return conditional_escape(value if isinstance(value, str) else str(value))


_FOLDER = "django/forms/widgets"
_INPUTS = ("text", "number", "email", "password", "hidden", "date", "checkbox", "input")
WRITERS: dict[str, Callable[[Parts], str]] = {
    **{f"{_FOLDER}/{name}.html": written_input for name in _INPUTS},
    f"{_FOLDER}/select.html": written_select,
    f"{_FOLDER}/radio.html": written_radios,
}
