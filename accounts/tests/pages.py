"""A browser without JavaScript: it gets pages, fills in their forms and sends them as they are."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client

from accounts.models import User
from accounts.tests.people import log_in_lately

KEY = re.compile(r'name="idempotency_key" value="([^"]+)"')
FORM = re.compile(r"<form[^>]* id=\"(?!session)[\w-]+-form\".*?</form>", re.DOTALL)
INPUT = re.compile(r"<input[^>]*>")
SELECT = re.compile(r'<select name="([^"]+)".*?</select>', re.DOTALL)
TOKEN = "csrfmiddlewaretoken"
CHOSEN = re.compile(r'<option value="([^"]*)" selected')


class Visitor:
    """Somebody who is logged in, and `lately` gave the password."""

    def __init__(self, user: User, *, lately: bool = True) -> None:
        self.client = Client()
        if lately:
            log_in_lately(self.client, user)
        else:
            self.client.force_login(user)

    def get(self, path: str) -> Any:
        """Open a page."""
        return self.client.get(path)

    def send(self, path: str, *, key: str | None = None, button: str | None = None, **typed: object) -> Any:
        """Open the page, fill in what is typed, leave the rest as it is, and press a button."""
        entries = entries_of(self.get(path).text)
        return self.press(path, entries, key=key, button=button, **typed)

    def press(
        self,
        path: str,
        entries: dict[str, str],
        *,
        key: str | None = None,
        button: str | None = None,
        **typed: object,
    ) -> Any:
        """Send the entries of a page that is open already."""
        said = {**entries, **{name: str(value) for name, value in typed.items()}}
        if key is not None:
            said["idempotency_key"] = key
        if button is not None:
            said["look"] = button
        return self.client.post(path, said)

    def told(self, answer: Any) -> str:
        """Return what the page says that an action that is done leads to."""
        assert answer.status_code == 303, answer.text
        return unescape(self.get(answer["Location"]).text)


def key_in(answer: Any) -> str:
    """Return the key of the form on a page."""
    found = KEY.search(answer.text)
    assert found, answer.text
    return found[1]


def entries_of(text: str) -> dict[str, str]:
    """Return what the form on a page would send, without a button."""
    form = FORM.search(text)
    entries: dict[str, str] = {}
    for tag in INPUT.findall(form[0] if form else ""):
        name, kind = _attribute(tag, "name"), _attribute(tag, "type")
        if (
            name not in ("", TOKEN)
            and "disabled" not in tag
            and (kind not in ("radio", "checkbox") or "checked" in tag)
        ):
            entries[name] = unescape(_attribute(tag, "value"))
    for select in SELECT.finditer(form[0] if form else ""):
        chosen = CHOSEN.search(select[0])
        entries[select[1]] = unescape(chosen[1]) if chosen else ""
    return entries


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""
