"""Every page as the browser shows it: no errors, nothing from elsewhere, readable at every width."""

from __future__ import annotations

import pytest

from accounts.tests.people import make_user

STRANGERS = ["/account/login/", "/account/password/reset/", "/account/signup/", "/nothing-here", "/problems/"]
OWNERS = ["/", "/trading/stop"]


@pytest.mark.parametrize("path", STRANGERS)
def test_a_page_for_strangers_is_in_order(browse, path):
    visit = browse()
    if path == "/nothing-here":
        visit.complaints = _Silent()
    visit.look_at(path)


@pytest.mark.parametrize("path", OWNERS)
def test_a_page_for_owners_is_in_order(browse, path):
    browse(make_user()).look_at(path)


class _Silent(list):
    """A page that isn't there is a complaint of the browser's, and meant to be."""

    def append(self, text: str) -> None:
        if "404" not in text:
            super().append(text)
