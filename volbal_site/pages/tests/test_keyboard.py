"""By Tab one gets to everything on a page, sees where one is, and gets out again."""

from __future__ import annotations

import pytest

from accounts.tests.people import make_user, own_tenant
from volbal_site.pages.tests.cells import traded_cell
from volbal_site.pages.tests.keyboard import Keyboard

PAGES = {
    "/": ["Skip to the content", "Stop all trading", "IBM", "Dark"],
    "/positions/{cell}/": ["Order", "why", "3 months", "Price to try", "Slide the price", "All activity"],
    "/positions/{cell}/settings": ["Gentle", "Sell when up by", "Save the settings"],
    "/positions/{cell}/order": ["Buy", "How much", "Price per share", "Check it, then send"],
    "/positions/new": ["Ticker", "How much stock", "Starting cash"],
    "/activity": ["Cell", "What", "Show", "CSV", "Details of decision"],
}


@pytest.mark.parametrize("page", PAGES)
def test_everything_is_reached_by_tab_and_nothing_holds_one(browse, page):
    owner = make_user("olga")
    cell = traded_cell(own_tenant(owner))
    visit = browse(owner)
    visit.go(page.format(cell=cell.pk))
    visit.page.wait_for_load_state("networkidle")

    reached = Keyboard(visit.page).go_around()

    missing = [name for name in PAGES[page] if not any(one.startswith(name) for one in reached)]
    assert missing == []
