"""The demo as a new user walks through it: once with a mouse, once by keyboard alone."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dividends.tests.scratch import scratch_database
from volbal_site.pages.tests.browser import Visit, visit_to
from volbal_site.pages.tests.keyboard import Keyboard
from volbal_site.tests.running_site import running_site
from volbal_site.tests.test_demo_runs import PASSWORD

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.quick,
]

# A day of history takes so many seconds: its first trade comes within a few of ours.
PACE_S = "0.3"
PATIENCE_MS = 30_000
TRADED = re.compile(r"(Bought|Sold) [0-9.]+ at \$")


@pytest.fixture
def visitor(tmp_path: Path, browser: Browser) -> Iterator[tuple[Visit, str]]:
    """Start the demo; return a browser at it and the password that it printed."""
    with (
        scratch_database(tmp_path) as scratch,
        running_site(scratch, tmp_path, options=["--demo"], DEMO_PACE_S=PACE_S) as site,
        visit_to(f"http://127.0.0.1:{site.port}", browser, accept_downloads=True) as visit,
    ):
        visit.page.set_default_timeout(PATIENCE_MS)
        yield visit, PASSWORD.findall(site.said.read_text())[0]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def setting(page: Page, label: str) -> Locator:
    """Return a setting with the words that say where its value comes from."""
    return page.locator(".setting", has=page.get_by_label(label, exact=True))


def test_a_new_user_sees_it_trade_learns_why_and_steers_it(visitor):
    visit, password = visitor
    page = visit.go("/")
    page.get_by_label("Username").fill("demo")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.locator("#situation")).to_contain_text("Prices of the past, played again. No real money.")
    worth = page.get_by_role("region", name="Totals").get_by_role("definition").first
    before = worth.inner_text()
    expect(worth).not_to_have_text(before, timeout=PATIENCE_MS)
    expect(page.get_by_role("row", name=re.compile("IBM"))).to_contain_text(TRADED, timeout=PATIENCE_MS)

    page.get_by_role("link", name="IBM", exact=True).click()
    page.get_by_role("link", name="why", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"(Buy|Sell) [0-9.]+ IBM"))
    expect(page.locator(".sentence")).to_have_text(re.compile(r"(Buys|Sells) [0-9.]+ at [0-9.]+: "))
    expect(page.get_by_text("Identical")).to_be_visible()

    page.get_by_role("link", name="IBM #1").click()
    page.get_by_label("Price to try").fill("40")
    expect(page.locator("#what-if-answer")).to_contain_text("Buys")

    page.get_by_role("link", name="Overview").first.click()
    page.get_by_role("link", name="New position").click()
    page.get_by_label("Ticker").fill("MSFT")
    page.get_by_label("How much stock").fill("20000")
    page.get_by_label("Starting cash").fill("20000")
    page.get_by_role("radio", name=re.compile("Gentle")).check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Open this cell").click()
    expect(page.get_by_text("MSFT is open, with")).to_be_visible()

    page.get_by_role("link", name="Pause").click()
    page.get_by_role("button", name="Pause MSFT").click()
    expect(page.get_by_text("MSFT is paused.")).to_be_visible()

    page.get_by_role("main").get_by_role("link", name="Settings").click()
    row = setting(page, "Sell when up by")
    expect(row).to_contain_text("Own value")
    page.get_by_label("Sell when up by", exact=True).fill("4.5")
    page.get_by_role("button", name="Save the settings").click()
    expect(page.get_by_text("Saved: Sell when up by.")).to_be_visible()
    expect(row).to_contain_text("Would inherit 3 %")

    page.get_by_role("link", name="Activity").first.click()
    with page.expect_download() as told:
        page.get_by_role("link", name="CSV").click()
    kinds = {row["type"] for row in rows_of(Path(told.value.path()))}
    assert kinds >= {"position_created", "order_filled", "trading_paused", "config_changed"}
    assert visit.complaints == []


def test_all_of_it_is_done_by_keyboard_alone(visitor):
    visit, password = visitor
    page = visit.go("/")
    keys = Keyboard(page)
    keys.write("Username", "demo")
    keys.write("Password", password)
    keys.press("Enter")
    expect(page.get_by_role("row", name=re.compile("IBM"))).to_contain_text(TRADED, timeout=PATIENCE_MS)

    keys.skip()
    keys.follow("IBM", to="IBM #1")
    keys.skip()
    keys.follow("why", to="IBM")
    expect(page.get_by_text("Identical")).to_be_visible()
    keys.skip()
    keys.follow("IBM #1", to="IBM #1")
    keys.skip()
    keys.write("Price to try", "40")
    expect(page.locator("#what-if-answer")).to_contain_text("Buys")

    keys.follow("Overview", to="Overview")
    keys.skip()
    keys.follow("New position", to="New position")
    keys.write("Ticker", "MSFT")
    keys.write("How much stock", "100")
    keys.write("Starting cash", "5000")
    keys.follow("Next...")
    expect(page.get_by_role("heading", name="What the last years would have looked like")).to_be_visible()
    keys.skip()
    keys.follow("Open this cell", to="MSFT #3")
    keys.skip()
    keys.follow("Settings", to="Settings")
    keys.write("Sell when up by", "4.5")
    keys.follow("Save the settings", to="Settings")
    expect(page.get_by_text("Saved: Sell when up by.")).to_be_visible()
    expect(setting(page, "Sell when up by")).to_contain_text("Own value Would inherit 3 %")

    keys.skip()
    keys.follow("Back to MSFT", to="MSFT #3")
    keys.skip()
    keys.follow("Pause", to="Pause MSFT?")
    keys.follow("Pause MSFT", to="MSFT #3")
    expect(page.get_by_text("MSFT is paused.")).to_be_visible()
    keys.follow("Activity", to="Activity")
    with page.expect_download() as told:
        keys.follow("CSV")
    assert {"position_created", "trading_paused"} <= {row["type"] for row in rows_of(Path(told.value.path()))}
    assert visit.complaints == []
