"""What people do to cells in a browser, from the first field to the page that says it is done."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from accounts.tests.people import make_user, own_tenant
from configs.resolver import effective_config
from orders.models import Order
from positions.models import Position
from positions.tests.builders import make_position

# A refusal that was asked for is a 422, which the browser puts into its console.
REFUSED = "422"


@pytest.fixture
def owner():
    return make_user("olga")


def test_a_cell_is_opened_with_a_preset(browse, owner):
    visit = browse(owner)
    page = visit.go("/positions/new")
    page.get_by_label("Ticker").fill("IBM")
    page.get_by_label("Dollars").check()
    page.get_by_label("How much stock").fill("20,000")
    page.get_by_label("Starting cash").fill("20000")
    page.get_by_label("Price per share").fill("160")
    page.get_by_role("radio", name=re.compile("Gentle")).check()
    expect(page.locator("#outlook")).to_contain_text("125 IBM at $160.00 are $20,000.00")
    visit.look_here("positions-new-filled")

    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="What the last years would have looked like")).to_be_visible()
    visit.look_here("positions-new-years")
    page.get_by_role("button", name="Open this cell").click()

    expect(page.get_by_text("IBM is open, with 125 shares and $20,000.00 of cash.")).to_be_visible()
    cell = Position.objects.get()
    assert (cell.qty, effective_config(cell).trigger.up_threshold_pct) == (125, 5)
    assert visit.complaints == []


def test_cash_is_deposited(browse, owner):
    visit = browse(owner)
    cell = make_position(own_tenant(owner))
    page = visit.go(f"/positions/{cell.pk}/")
    page.get_by_role("link", name="Deposit", exact=True).click()
    page.get_by_label("Amount to deposit").fill("1500")
    expect(page.locator("#outlook")).to_contain_text("Cash after it: $11,500.00")
    expect(page.get_by_label("Amount to deposit")).to_be_focused()
    page.get_by_role("button", name="Deposit").click()

    expect(page.get_by_text("Deposited $1,500.00. The cash is now $11,500.00.")).to_be_visible()
    assert Position.objects.get().cash == 11_500
    assert visit.complaints == []


def test_the_back_button_deposits_nothing_twice(browse, owner):
    visit = browse(owner)
    cell = make_position(own_tenant(owner))
    page = visit.go(f"/positions/{cell.pk}/deposit")
    page.get_by_label("Amount to deposit").fill("1500")
    page.get_by_role("button", name="Deposit").dblclick()
    page.wait_for_url(f"**/positions/{cell.pk}/")

    page.go_back()
    expect(page.get_by_role("button", name="Deposit")).to_be_visible()

    assert Position.objects.get().cash == 11_500


def test_an_order_is_previewed_refused_changed_and_sent(browse, owner):
    visit = browse(owner)
    cell = make_position(own_tenant(owner))
    page = visit.go(f"/positions/{cell.pk}/order")
    page.get_by_label("Buy", exact=True).check()
    page.get_by_label("How much", exact=True).fill("60")
    page.get_by_label("Price per share").fill("100")
    expect(page.locator("#outlook")).to_contain_text("Up to 49.99625028 shares stay inside every limit.")
    visit.look_here("order-refused")

    page.get_by_label("How much", exact=True).fill("10")
    expect(page.locator("#outlook")).to_contain_text("Inside the guardrails")
    page.get_by_role("button", name="Check it, then send").click()
    expect(page.get_by_role("heading", name="Buy 10 IBM?")).to_be_visible()
    visit.look_here("order-ready")
    assert Order.objects.count() == 0
    page.get_by_role("button", name="Send the order").click()

    expect(page.get_by_text("Bought 10 shares at $100.00, commission $0.10.")).to_be_visible()
    assert Order.objects.get().status == "filled"
    assert visit.complaints == []


def test_a_threshold_is_changed_and_its_origin_is_seen(browse, owner):
    visit = browse(owner)
    cell = make_position(own_tenant(owner))
    page = visit.go(f"/positions/{cell.pk}/settings")
    row = page.locator(".setting", has=page.get_by_label("Sell when up by"))
    expect(row).to_contain_text("Inherited 3 % (setting of the installation)")
    expect(page.locator("#outlook")).to_contain_text("7 sales up to $122.99")
    page.get_by_label("Sell when up by").fill("4.5")
    expect(page.locator("#outlook")).to_contain_text("not saved yet")
    expect(page.locator("#outlook")).not_to_contain_text("$122.99")
    page.get_by_role("button", name="Save the settings").click()

    expect(page.get_by_text("Saved: Sell when up by.")).to_be_visible()
    expect(row).to_contain_text("Own value Would inherit 3 % (setting of the installation).")
    visit.look_here("settings-own")
    assert effective_config(cell).trigger.up_threshold_pct == Decimal("4.5")

    page.get_by_role("button", name="Inherit again: Sell when up by").click()
    page.get_by_role("button", name="Save the settings").click()
    expect(row).to_contain_text("Inherited 3 %")
    assert effective_config(cell).trigger.up_threshold_pct == 3
    assert visit.complaints == []


def test_wrong_settings_are_shown_where_they_are(browse, owner):
    visit = browse(owner)
    cell = make_position(own_tenant(owner))
    page = visit.go(f"/positions/{cell.pk}/settings")
    page.get_by_label("Lower guardrail").fill("80")
    expect(page.locator("#outlook")).to_contain_text("These values don't go together yet.")
    page.get_by_label("Lower guardrail").press("Enter")

    expect(page.get_by_text("“Lower guardrail” must be below “Upper guardrail”")).to_be_visible()
    visit.look_here("settings-wrong", expected=REFUSED)


def test_everything_can_be_done_without_javascript(browse, owner):
    visit = browse(owner, java_script_enabled=False)
    cell = make_position(own_tenant(owner))
    page = visit.go(f"/positions/{cell.pk}/order")
    page.get_by_label("Sell", exact=True).check()
    page.get_by_label("How much", exact=True).fill("10")
    page.get_by_label("Price per share").fill("100")
    page.get_by_role("button", name="Check it, then send").click()
    page.get_by_role("button", name="Change it").click()
    page.get_by_label("How much", exact=True).fill("20")
    page.get_by_role("button", name="Check it, then send").click()
    page.get_by_role("button", name="Send the order").click()

    expect(page.get_by_text("Sold 20 shares at $100.00, commission $0.20.")).to_be_visible()


def test_a_cell_is_paused_and_resumed_by_keyboard_alone(browse, owner):
    visit = browse(owner)
    cell = make_position(own_tenant(owner))
    page = visit.go(f"/positions/{cell.pk}/pause")
    page.get_by_role("button", name="Pause IBM").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("IBM is paused.")).to_be_visible()
    page.get_by_role("link", name="Resume").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Resume IBM").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("IBM trades again.")).to_be_visible()
    assert Position.objects.get().status == "active"
