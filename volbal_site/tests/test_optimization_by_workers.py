"""A thousand settings through pages, messages and two workers: complete, and each once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.tests.people import make_user
from simulation.histories import history_of
from simulation.models import Optimization, Trial
from simulation.runners import ENOUGH_FOR_COMPILED, runner_for
from simulation.series import series_of
from simulation.setup import FillModel, Settings, starting_state
from volbal_site.pages.tests.browser import session_cookie
from volbal_site.tests.paper_processes import database_under_test
from volbal_site.tests.running_site import wait_until
from volbal_site.tests.site_parts import SiteParts

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

PATIENCE_S = 120
# 25 x 40 settings.
GRID = {"from_1": "1", "to_1": "10.6", "step_1": "0.4", "from_2": "1", "to_2": "10.75", "step_2": "0.25"}


@pytest.fixture
def parts(tmp_path, monkeypatch, settings) -> Iterator[SiteParts]:
    monkeypatch.setenv("SECRET_KEY", settings.SECRET_KEY)
    _compile_once()
    site = SiteParts(database_under_test(), tmp_path)
    try:
        site.start()
        yield site
    finally:
        site.stop()


def _compile_once() -> None:
    """Have the rules compiled and kept, which the first large optimization would wait for."""
    history = history_of("IBM")
    start = starting_state("IBM", history.bars[0], qty=None, cash=None)
    runner_for(series_of(history), start, FillModel.CLOSE, ENOUGH_FOR_COMPILED)(Settings())


def start(browse: Any, parts: SiteParts) -> Page:
    """Ask for the grid on the real site's page, and return the page that shows how far it is."""
    site = f"http://127.0.0.1:{parts.port}"
    page: Page = browse().page
    page.context.add_cookies([session_cookie(make_user("olga"), site)])
    page.goto(f"{site}/simulations/optimizations/new")
    page.get_by_label("Ticker").fill("IBM")
    for name, text in GRID.items():
        page.locator(f"#id_{name}").fill(text)
    expect(page.locator("#outlook")).to_contain_text("1000 settings")
    page.get_by_role("button", name="Try them").click(no_wait_after=True)
    return page


def done(page: Page) -> int:
    """Return how many settings the page says are done; all of them once the picture is there."""
    return int(page.evaluate("() => Number((document.querySelector('progress') || {value: 1000}).value)"))


def tried_once(optimization: Optimization) -> None:
    numbers = Trial.objects.filter(optimization=optimization).order_by("number").values_list("number")
    assert [number for (number,) in numbers] == list(range(1000))
    assert (optimization.status, optimization.done) == ("done", 1000)
    assert optimization.verdict["trials"] == 1000
    assert not optimization.chunks.filter(is_done=False).exists()


def test_a_thousand_settings_are_tried_and_the_page_shows_how_far_it_is(browse, parts):
    """How soon is printed (`-s`): no test depends on the machine."""
    page = start(browse, parts)
    asked, before = time.monotonic(), parts.processor_s("worker")
    expect(page.get_by_role("progressbar")).to_be_visible()
    seen = set()
    while page.locator("svg.heatmap").count() == 0:
        seen.add(done(page))
        assert time.monotonic() - asked < PATIENCE_S
        page.wait_for_timeout(200)
    took_s = time.monotonic() - asked

    after = parts.processor_s("worker")
    each_s = [later - earlier for earlier, later in zip(before, after, strict=True)]
    print(f"from the click to the picture {took_s:.1f} s, the workers' processor {each_s}")
    assert page.locator("svg.heatmap rect").count() == 1000
    assert seen & set(range(1, 1000)), "the bar moved"
    tried_once(Optimization.objects.get())


def test_a_worker_killed_in_the_middle_leaves_nothing_out_and_nothing_twice(browse, parts):
    page = start(browse, parts)
    wait_until(lambda: Optimization.objects.filter(done__gt=100).exists())
    parts.kill_one("worker")
    killed_at = Optimization.objects.get().done

    expect(page.locator("svg.heatmap rect")).to_have_count(1000, timeout=PATIENCE_S * 1000)
    assert killed_at < 1000, "the kill landed in work"
    tried_once(Optimization.objects.get())
