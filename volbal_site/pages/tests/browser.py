"""A real browser for tests of pages: Debian's Chromium, driven by playwright.

A plugin of pytest (see conftest.py), so that tests of every room can use its fixtures. `browse` opens pages
as a user who is logged in; `look_at` demands of a page what holds for every page.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from accounts.tests.people import log_in_lately

# Playwright's loop runs in the thread of the tests, and Django takes that for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# The first is the same browser without what only a screen needs, which is a third of the work.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
SCREENSHOTS = os.environ.get("SCREENSHOTS")
MISSING = "there is no Chromium: apt-get install chromium-headless-shell, or set CHROMIUM to where it is"
WIDTHS = (375, 768, 1440)
SCHEMES = ("light", "dark")
LOOKED_INTO = {"light": 1440, "dark": 375}
SERIOUS = ("serious", "critical")
# Colours that are on their way to others have arrived: Django's pages move them for everybody.
SETTLED = """Promise.allSettled(document.getAnimations()
    .filter(one => one instanceof CSSTransition).map(one => one.finished)).then(() => null)"""
UNREADABLE = Path(__file__).with_name("text_in_the_way.js").read_text(encoding="utf-8")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes a browser, and skip it where there is none."""
    for item in items:
        if {"browse", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason=MISSING))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say it aloud when the browser tests did not run."""
    skipped = [
        report for report in terminalreporter.stats.get("skipped", []) if MISSING in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} BROWSER TESTS DID NOT RUN: {MISSING}.", red=True)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": arguments}


@dataclass
class Visit:
    """A browser in which somebody is logged in, and all that it complained about."""

    page: Page
    site: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page by its path."""
        self.page.goto(f"{self.site}{path}")
        return self.page

    def wait(self, seconds: int) -> None:
        """Let the page's clock run on, so that what renews itself does. The visit must be `hurried`."""
        self.page.clock.run_for(seconds * 1000)

    def look_at(self, path: str, *, expected: str = "nothing", name: str = "", ours: bool = True) -> None:
        """Open a page at three widths, light and dark, and demand what holds for every page.

        `expected` is a complaint that is meant to be; `name` is what its pictures are called; of pages that
        are not `ours`, but Django's, it is not demanded that no word is cut off.
        """
        self.go(path)
        self.look_here(name or path, expected=expected, ours=ours)

    def look_here(self, name: str, *, expected: str = "nothing", ours: bool = True) -> None:
        """Demand the same of the page that is open, as it is now."""
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            self._look(scheme, name, expected, ours)

    def _look(self, scheme: str, name: str, expected: str, ours: bool) -> None:
        # Colours move nothing: in the second scheme one width tells what there is to tell, but for pictures.
        for width in WIDTHS if scheme == SCHEMES[0] or SCREENSHOTS else (LOOKED_INTO[scheme],):
            self.page.set_viewport_size({"width": width, "height": 900})
            where = f"{name} at {width} px, {scheme}"
            assert [one for one in self.complaints if expected not in one] == [], where
            self._picture(name, f"{width}-{scheme}")
            assert self._wider_than_screen() == [], f"{where}: something is too wide"
            if ours and scheme == SCHEMES[0]:
                assert self.page.evaluate(UNREADABLE) == [], f"{where}: words can't be read"
        # Wide and light, narrow and dark: all colours and all shapes are seen once.
        self.page.set_viewport_size({"width": LOOKED_INTO[scheme], "height": 900})
        assert self._serious_findings() == [], f"{name}, {scheme}"

    def _picture(self, path: str, how: str) -> None:
        """Keep a picture of the page in the folder SCREENSHOTS, if that is set."""
        if SCREENSHOTS:
            name = path.strip("/").replace("/", "-") or "overview"
            self.page.screenshot(path=f"{SCREENSHOTS}/{name}-{how}.png", full_page=True)

    def _wider_than_screen(self) -> list[str]:
        return self.page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] :
            [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth)
            .map(e => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 40)}`).slice(0, 5)"""
        )

    def _serious_findings(self) -> list[str]:
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        self.page.evaluate(SETTLED)
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{one['id']}: {[node['target'] + [node['failureSummary'][:200]] for node in one['nodes']]}"
            for one in found["violations"]
            if one["impact"] in SERIOUS
        ]


Browse = Callable[..., Visit]


@pytest.fixture
def browse(browser: Browser, live_server: Any) -> Iterator[Browse]:
    """Return a function that opens a browser as `user`, or as a stranger without one."""
    opened = ExitStack()

    def open_as(user: Any = None, *, lately: bool = False, hurried: bool = False, **options: Any) -> Visit:
        visit = opened.enter_context(visit_to(live_server.url, browser, **options))
        if user is not None:
            visit.page.context.add_cookies([session_cookie(user, live_server.url, lately=lately)])
        if hurried:
            visit.page.clock.install()
        return visit

    with opened:
        yield open_as


@contextmanager
def visit_to(site: str, browser: Browser, **options: Any) -> Iterator[Visit]:
    """Open a browser of its own at a site, wherever that runs."""
    # A colour on its way to another is none that a person would have to read.
    context = browser.new_context(**{"reduced_motion": "reduce", **options})
    visit = Visit(page=context.new_page(), site=site)
    _listen(visit)
    yield visit
    context.close()


def session_cookie(user: Any, site: str, *, lately: bool = False) -> Any:
    """Log a user in without the form, `lately` as one who has just given the password; return the cookie."""
    client = Client()
    if lately:
        log_in_lately(client, user)
    else:
        client.force_login(user)
    morsel = client.cookies[settings.SESSION_COOKIE_NAME]
    return {"name": morsel.key, "value": morsel.value, "url": site}


def _listen(visit: Visit) -> None:
    """Note errors of the console, which is where violations of the CSP are, and requests to other hosts."""
    visit.page.on(
        "console", lambda told: visit.complaints.append(told.text) if told.type == "error" else None
    )
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((visit.site, "data:"))
            else visit.complaints.append(f"asked {request.url}")
        ),
    )
