"""The pages of simulations in a real browser: forms, progress, results, and settings taken over."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from accounts.tests.people import make_user, own_tenant
from configs.resolver import effective_config
from positions.tests.builders import make_position
from simulation.models import Optimization, Simulation
from simulation.tests.saved import done_grid, done_run, make_run, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner():
    return make_user("olga")


def test_the_pages_of_runs_are_in_order(browse, owner):
    tenant = own_tenant(owner)
    one, two = done_run(tenant, "up_threshold_pct=2"), done_run(tenant, "up_threshold_pct=6")
    waiting = make_run(tenant)
    visit = browse(owner)

    visit.look_at("/simulations/", name="simulations")
    visit.look_at("/simulations/new", name="simulation-new")
    visit.look_at(f"/simulations/{one.pk}/", name="simulation-run")
    visit.look_at(f"/simulations/{waiting.pk}/", name="simulation-waiting")
    visit.look_at(f"/simulations/compare?run={one.pk}&run={two.pk}", name="simulation-compare")


def test_the_pages_of_optimizations_are_in_order(browse, owner):
    found = done_grid(own_tenant(owner))
    make_position(own_tenant(owner))
    visit = browse(owner)

    visit.look_at("/simulations/optimizations/new", name="optimization-new")
    visit.look_at(f"/simulations/optimizations/{found.pk}/", name="optimization")
    visit.look_at(f"/simulations/optimizations/{found.pk}/use/5", name="optimization-use")
    with visit.page.expect_navigation():
        visit.page.get_by_role("button", name="Next: what changes").click()
    visit.look_here("optimization-use-ready")


def test_a_cell_is_asked_how_it_would_have_done(browse, owner):
    cell = make_position(own_tenant(owner))
    visit = browse(owner)
    page = visit.go(f"/positions/{cell.pk}/")

    page.get_by_role("link", name="How would this have done?").first.click()
    page.wait_for_url("**/simulate**")  # and until its scripts listen
    page.locator("#id_start").fill("2004-01-02")
    page.locator("#id_end").fill("2006-12-29")
    expect(page.locator("#outlook")).to_contain_text("755 days of IBM")
    page.get_by_role("button", name="Run it").click()

    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0")
    Simulation.objects.update(status="running", done=300)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "300")
    work()
    expect(page.get_by_role("heading", name="Trades on the price")).to_be_visible()
    expect(page.locator("#price-chart")).to_have_attribute("data-drawn", "755")
    tip = page.get_by_label("What is “Sharpe ratio”?")
    tip.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Return for the risk taken")).to_be_visible()
    assert visit.complaints == []


def test_a_grid_is_tried_seen_and_its_best_setting_taken(browse, owner):
    cell = make_position(own_tenant(owner))
    visit = browse(owner)
    page = visit.go("/simulations/optimizations/new")
    page.get_by_label("Ticker").fill("IBM")
    page.locator("#id_from_1").fill("4")
    page.locator("#id_to_1").fill("6")
    expect(page.locator("#outlook")).to_contain_text("settings are tried")
    page.get_by_role("button", name="Try them").click()

    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0")
    work()
    expect(page.locator("svg.heatmap rect.heat-best")).to_have_count(1)
    page.get_by_label("Rank and colour by").select_option("max_drawdown_pct")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("svg.heatmap > title")).to_have_text(re.compile("Deepest fall by"))
    page.get_by_role("link", name="Use these settings", exact=True).click()
    page.get_by_role("button", name="Next: what changes").click()
    page.get_by_role("button", name="Write these settings").click()

    expect(page.get_by_text("trades by these settings")).to_be_visible()
    found = Optimization.objects.get()
    best = found.trials.get(number=found.verdict["best"]).values
    assert str(effective_config(cell).trigger.up_threshold_pct.normalize()) == best["up_threshold_pct"]
    assert visit.complaints == []
