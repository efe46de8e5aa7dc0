"""Fields that are written without templates are Django's, to the character."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils.safestring import mark_safe

from volbal_site.form_renderer import WRITERS, QuickForms

CHOICES = [
    ("", "Any <thing>"),
    (1, mark_safe("One &amp; only")),
    ("Group 'of' <two>", [("a&b", 'A "and" B'), (Decimal("1.50"), "Price")]),
]
WIDGETS = {
    "text": forms.TextInput(attrs={"class": "wide", "placeholder": '<"it\'s">'}),
    "number": forms.NumberInput(attrs={"step": "any", "min": 0, "max": Decimal("1.5")}),
    "email": forms.EmailInput(),
    "password": forms.PasswordInput(render_value=True),
    "hidden": forms.HiddenInput(),
    "date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    "checkbox": forms.CheckboxInput(),
    "select": forms.Select(choices=CHOICES),
    "radio": forms.RadioSelect(choices=CHOICES, attrs={"class": "row <of>"}),
}
SAID = [None, "", "1", "a&b", 0, True, False, '<script>"it\'s"</script>', mark_safe("&lt;"), Decimal("1.50")]
MORE = [{}, {"id": "id_field", "required": True, "disabled": False, "aria-describedby": "a b"}]


@pytest.mark.parametrize("attributes", MORE)
@pytest.mark.parametrize("value", SAID)
@pytest.mark.parametrize("kind", WIDGETS)
def test_a_widget_reads_as_django_writes_it(kind, value, attributes):
    widget = WIDGETS[kind]

    quick = widget.render("a <name>", value, attributes, QuickForms())

    assert quick == widget.render("a <name>", value, attributes, DjangoTemplates())


def test_every_widget_that_is_written_here_is_compared():
    compared = {widget.template_name for widget in WIDGETS.values()}

    assert set(WRITERS) - compared == {"django/forms/widgets/input.html"}  # the base of the others


def test_a_widget_of_another_kind_is_left_to_django():
    widget = forms.Textarea(attrs={"rows": 3})

    assert widget.render("why", "a <b>", {}, QuickForms()) == widget.render(
        "why", "a <b>", {}, DjangoTemplates()
    )


def test_the_site_s_forms_are_written_so():
    assert isinstance(get_default_renderer(), QuickForms)
