"""`{% url %}`, quick where a list asks for the same page of one thing after another.

Django looks through its patterns for every address anew, and a list of thirty rows has a hundred. The address
of a name with ids in it is looked up once; then only the ids are put in. Available in every template.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as the_url_tag
from django.urls import NoReverseMatch, get_resolver, get_script_prefix, get_urlconf, reverse
from django.urls.resolvers import URLResolver
from django.utils.html import escape
from django.utils.safestring import SafeString

register = template.Library()

# Ids that stand for others while an address is looked up.
_STAND_INS = (UUID("5a1e0000-0000-4000-8000-00000000000a"), UUID("5a1e0000-0000-4000-8000-00000000000b"))


@register.tag
def url(parser: Parser, token: Token) -> URLNode:
    """Write the address of a page, as Django's tag of this name does."""
    return QuickURLNode(*_parts(the_url_tag(parser, token)))


class QuickURLNode(URLNode):
    """Django's node, with addresses kept in which nothing but ids differs."""

    def render(self, context: Context) -> str:
        name = self.view_name.resolve(context)
        ids = [argument.resolve(context) for argument in self.args]
        if self.asvar or self.kwargs or not context.autoescape or not _is_plain(name, ids):
            return super().render(context)
        try:
            return address_of(name, *ids)
        except NoReverseMatch:
            return super().render(context)  # which says so with the name and the ids that were given


def address_of(name: str, *ids: UUID) -> str:
    """Return the address of a name with ids in it, escaped for HTML. Raises NoReverseMatch."""
    found = _address(name, len(ids), get_script_prefix(), get_resolver(get_urlconf()))
    return SafeString(found.format(*ids))


def _is_plain(name: Any, ids: list[Any]) -> bool:
    """Whether ids alone make the address: a name with a colon depends on where the reader is."""
    return (
        isinstance(name, str)
        and ":" not in name
        and len(ids) <= len(_STAND_INS)
        and all(isinstance(one, UUID) for one in ids)
    )


@lru_cache(maxsize=1_000)
def _address(name: str, count: int, prefix: str, resolver: URLResolver) -> str:
    """Return an address with places for ids; where the site lies and its patterns tell it from others."""
    stand_ins = _STAND_INS[:count]
    found = escape(reverse(name, args=stand_ins)).replace("{", "{{").replace("}", "}}")
    for place, one in enumerate(stand_ins):
        found = found.replace(str(one), f"{{{place}}}")
    return found


def _parts(node: URLNode) -> tuple[Any, ...]:
    return node.view_name, node.args, node.kwargs, node.asvar
