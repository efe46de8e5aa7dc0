"""Actions as a person does them in a real browser: by keyboard, without JavaScript, in two tabs."""

from __future__ import annotations

from decimal import Decimal

from django.test import Client
from playwright.sync_api import expect

from accounts.tests.people import PASSWORD, make_user, own_tenant
from configs.resolver import effective_config
from orders.models import TradingSwitch
from orders.tests.builders import run_at
from positions.models import Event
from positions.tests.builders import make_position
from volbal_site.pages import overview

# How often the figures of a page renew themselves.
RENEWED_S = 5


def halts() -> int:
    return Event.objects.filter(type="trading_halted").count()


def test_by_keyboard_alone_one_logs_in_stops_trading_and_resumes_it(browse):
    make_user("olga")
    page = browse().go("/")
    page.get_by_label("Username").focus()
    page.keyboard.type("olga")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()

    page.get_by_role("link", name="Stop all trading").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Why?").focus()
    page.keyboard.type("drill")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Trading is stopped: drill")).to_be_visible()
    assert TradingSwitch.objects.get().state == "HALTED"

    page.get_by_role("link", name="Resume trading").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Password").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Why may it go on?").focus()
    page.keyboard.type("all well")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Trading goes on: all well")).to_be_visible()
    assert TradingSwitch.objects.get().state == "ACTIVE"


def test_it_works_without_javascript(browse):
    page = browse(make_user("olga"), java_script_enabled=False).go("/trading/stop")
    page.get_by_label("Why?").fill("drill")
    page.get_by_role("button", name="Stop trading").click()

    expect(page.get_by_text("Trading is stopped: drill")).to_be_visible()


def test_two_tabs_and_the_back_button_do_nothing_twice(browse):
    visit = browse(make_user("olga"))
    one, other = visit.page, visit.page.context.new_page()
    for tab in (one, other):
        tab.goto(f"{visit.site}/trading/stop")
        tab.get_by_label("Why?").fill("drill")
    one.get_by_role("button", name="Stop trading").click()
    expect(one.get_by_text("Trading is stopped: drill")).to_be_visible()

    other.get_by_role("button", name="Stop trading").click()
    expect(other.get_by_text("it was not done again")).to_be_visible()
    one.go_back()
    one.get_by_label("Why?").fill("drill")
    one.get_by_role("button", name="Stop trading").click()
    expect(one.get_by_role("heading", name="Overview")).to_be_visible()

    assert halts() == 1


def test_figures_renew_themselves_and_leave_focus_and_place_alone(browse, monkeypatch):
    monkeypatch.setattr(overview, "KEPT_S", 0)
    owner = make_user("olga")
    cell = make_position(own_tenant(owner))
    run_at(cell, 101)
    visit = browse(owner, hurried=True)
    page = visit.go("/")
    expect(page.get_by_text("$101.00")).to_be_visible()
    page.get_by_role("link", name="Stop all trading").focus()

    run_at(cell, 102)
    visit.wait(RENEWED_S)

    expect(page.get_by_text("$102.00")).to_be_visible()
    expect(page.get_by_role("link", name="Stop all trading")).to_be_focused()


def test_a_page_whose_login_ended_says_so_and_stays_as_it_is(browse):
    owner = make_user("olga")
    visit = browse(owner, hurried=True)
    page = visit.go("/")
    other = Client()
    other.cookies["sessionid"] = page.context.cookies()[0]["value"]
    other.post("/account/logout/")
    visit.wait(RENEWED_S)

    expect(page.get_by_text("You were logged out")).to_be_visible()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("link", name="Log in again").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_an_edit_survives_a_login_that_ended_in_the_middle_of_it(browse):
    owner = make_user("olga")
    cell = make_position(own_tenant(owner))
    page = browse(owner).go(f"/positions/{cell.pk}/settings")
    page.get_by_label("Sell when up by", exact=True).fill("4.5")
    page.context.clear_cookies(name="sessionid")

    page.get_by_role("button", name="Save the settings").click()
    expect(page.get_by_text("so nothing was done. Log in and your entries are back.")).to_be_visible()
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_text("Your entries from before are back. Nothing was saved yet")).to_be_visible()
    expect(page.get_by_label("Sell when up by", exact=True)).to_have_value("4.5")
    assert effective_config(cell).trigger.up_threshold_pct == 3
    page.get_by_role("button", name="Save the settings").click()
    expect(page.get_by_text("Saved: Sell when up by.")).to_be_visible()
    assert effective_config(cell).trigger.up_threshold_pct == Decimal("4.5")
