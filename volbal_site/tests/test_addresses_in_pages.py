"""`{% url %}` in our templates gives what Django's gives."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.template import Context, Engine, TemplateSyntaxError
from django.test import override_settings
from django.urls import NoReverseMatch, path, reverse, set_script_prefix

ONE, OTHER = UUID("0f0e0d0c-0000-4000-8000-000000000001"), UUID("0f0e0d0c-0000-4000-8000-000000000002")
QUICK = Engine(builtins=["volbal_site.templatetags.addresses"])
DJANGO = Engine()
# Patterns of a site that lies differently.
urlpatterns = [path("elsewhere/<uuid:position_id>", lambda request, position_id: None, name="position")]


def written(text: str, engine: Engine = QUICK, **context) -> str:
    return engine.from_string(text).render(Context(context))


@pytest.mark.parametrize(
    "text",
    [
        "{% url 'overview' %}",
        "{% url 'position' cell %}",
        "{% url 'position' other %}",
        "{% url 'position' position_id=cell %}",
        "{% url name cell %}",
        "{% url 'use_trial' cell 3 %}",
        "{% url 'admin:index' %}",
        "{% url 'nowhere' cell as found %}[{{ found }}]",
        "{% url 'position' cell as found %}[{{ found }}]",
        "{% autoescape off %}{% url 'position' cell %}{% endautoescape %}",
    ],
)
def test_an_address_reads_as_django_writes_it(text):
    context = {"cell": ONE, "other": OTHER, "name": "position"}

    assert written(text, **context) == written(text, DJANGO, **context)
    assert written(text, **context) == written(text, DJANGO, **context)  # from what was kept


def test_each_thing_has_its_own_address():
    text = "{% for cell in cells %}{% url 'position' cell %} {% endfor %}"

    assert written(text, cells=[ONE, OTHER]).split() == [
        reverse("position", args=[one]) for one in (ONE, OTHER)
    ]


def test_text_in_place_of_an_id_is_looked_at_by_the_pattern():
    with pytest.raises(NoReverseMatch):
        written("{% url 'position' cell %}", cell="javascript:alert(1)")


def test_a_name_that_is_none_is_said():
    with pytest.raises(NoReverseMatch, match="nowhere"):
        written("{% url 'nowhere' cell %}", cell=ONE)


def test_a_tag_without_a_name_is_refused():
    with pytest.raises(TemplateSyntaxError):
        written("{% url %}")


def test_an_address_follows_where_the_site_lies():
    try:
        set_script_prefix("/below/")
        assert written("{% url 'position' cell %}", cell=ONE).startswith("/below/")
    finally:
        set_script_prefix("/")

    assert not written("{% url 'position' cell %}", cell=ONE).startswith("/below/")


def test_an_address_follows_the_patterns_in_use():
    usual = written("{% url 'position' cell %}", cell=ONE)

    with override_settings(ROOT_URLCONF=__name__):
        assert written("{% url 'position' cell %}", cell=ONE) == f"/elsewhere/{ONE}"

    assert written("{% url 'position' cell %}", cell=ONE) == usual
