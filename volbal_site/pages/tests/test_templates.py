"""What holds for every template, and for every page that is made of them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from accounts.tests.people import log_in_lately, make_user
from volbal_site.tests.test_site_routes import IN_TENANTS, ids_of

FOLDER = Path(settings.BASE_DIR) / "templates"
TEMPLATES = {
    str(file.relative_to(FOLDER)): file.read_text(encoding="utf-8") for file in FOLDER.rglob("*.html")
}
MOST_LINES = 80
# Arithmetic is done in Python, and nothing inline gets past the Content-Security-Policy.
FORBIDDEN = re.compile(
    r"\|add:|\bwidthratio\b|\bdivisibleby\b|\sstyle=|<style\b|\shx-on|\son[a-z]+=|<script(?![^>]*\bsrc=)[^>]*>"
)


def test_no_template_is_long():
    assert {name: text.count("\n") for name, text in TEMPLATES.items() if text.count("\n") > MOST_LINES} == {}


def test_no_template_counts_or_has_anything_inline():
    assert {name: FORBIDDEN.findall(text) for name, text in TEMPLATES.items() if FORBIDDEN.search(text)} == {}


class Forms(HTMLParser):
    """The forms of a page: method, action, names of the fields, and whether a button sends it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, object]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form":
            self.found.append({**said, "names": set(), "can_be_sent": False})
        elif self.found and tag in ("input", "select", "textarea", "button"):
            self.found[-1]["names"].add(said.get("name"))
            self.found[-1]["can_be_sent"] |= tag == "button" and said.get("type", "submit") == "submit"


@pytest.fixture(scope="module")
def opened(shared):
    return shared(every_page)


def every_page() -> dict[str, str]:
    """Return every page of an owner that can be opened, by its address."""
    owner, client = make_user("olga"), Client()
    log_in_lately(client, owner)
    ids = ids_of(owner)
    found = {}
    for page in IN_TENANTS:
        answer = client.get("/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(ids[part[1]]), page))
        if answer.status_code == 200 and not answer.streaming and b"<html" in answer.content:
            found[page] = answer.text
    return found


def test_every_page_says_whether_the_money_is_real(opened):
    assert len(opened) > 50
    assert [page for page, text in opened.items() if "Trades are simulated. No real money." not in text] == []


def test_every_form_works_without_javascript(opened):
    lame = []
    for page, text in opened.items():
        for form in Forms(text).found:
            is_safe = form.get("method") == "get" or "csrfmiddlewaretoken" in form["names"]
            if not (form["can_be_sent"] and is_safe and form.get("method") in ("get", "post")):
                lame.append((page, form))

    assert lame == []


def test_what_acts_has_a_key_made_by_the_server(opened):
    acts = {page for page, text in opened.items() for form in Forms(text).found if "reason" in form["names"]}

    assert acts
    for page in acts:
        forms = [form for form in Forms(opened[page]).found if "reason" in form["names"]]
        assert all("idempotency_key" in form["names"] for form in forms), page
