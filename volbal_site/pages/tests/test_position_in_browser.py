"""The pages of a cell and of a decision in a real browser."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from accounts.api_keys import create_api_key
from accounts.tests.people import make_user, own_tenant
from accounts.transactions import unit_of_work
from orders.tests.builders import everything_written, run_at
from positions.tests.builders import make_position, make_stamp
from volbal_site.pages.tests.cells import decision_that, history_cell, traded_cell

pytestmark = pytest.mark.django_db(transaction=True)

# How often the figures of a page renew themselves.
RENEWED_S = 5


@pytest.fixture
def owner():
    return make_user("olga")


def number(text: str) -> Decimal:
    return Decimal(re.sub(r"[^0-9.]", "", text))


def test_a_cell_and_its_decisions_are_in_order(browse, owner):
    cell = history_cell(own_tenant(owner))
    visit = browse(owner)

    visit.look_at(f"/positions/{cell.pk}/", name="position")
    visit.look_at(f"/positions/{cell.pk}/prices?range=3m", name="position-prices")
    visit.look_at(f"/decisions/{decision_that(cell, 'BUY').pk}/", name="decision-buy")
    visit.look_at(f"/decisions/{decision_that(cell, 'HOLD').pk}/", name="decision-hold")


def test_a_new_cell_is_in_order(browse, owner):
    cell = make_position(own_tenant(owner), qty=0, cash=0, anchor=None)

    browse(owner).look_at(f"/positions/{cell.pk}/", name="position-new")


@pytest.mark.parametrize(
    "part", ["performance", "orders", "dividends", "cash", "rules", "timeline", "what-if"]
)
def test_every_part_as_a_page_is_in_order(browse, owner, part):
    cell = traded_cell(own_tenant(owner))

    browse(owner).look_at(f"/positions/{cell.pk}/{part}", name=f"position-{part}")


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_what_the_card_says_is_what_is_decided_when_its_price_is_posted(browse, owner, side):
    cell = traded_cell(own_tenant(owner), cash="7654.32", qty="77.7")
    with unit_of_work():
        _, key = create_api_key(
            tenant_id=cell.tenant_id, scopes=["read", "trade"], name="", stamp=make_stamp()
        )
    visit = browse(owner)
    card = visit.go(f"/positions/{cell.pk}/").locator(f"#next-{side}")
    price = card.locator("[data-price]").get_attribute("data-price")
    said = {
        name: card.locator(f"[data-is={name}]").inner_text()
        for name in ("qty", "notional", "commission", "stock_pct_after")
    }

    answer = visit.page.request.post(
        f"{visit.site}/v1/positions/{cell.pk}/evaluate?price={price}",
        headers={"Authorization": f"Bearer {key}"},
    )

    decision = answer.json()["decision"]
    assert decision["action"] == side.upper()
    assert number(said["qty"]) == Decimal(decision["qty"])
    for name in ("notional", "commission", "stock_pct_after"):
        assert number(said[name]) == round(Decimal(decision[name]), 2), name


def test_the_page_renews_itself_and_keeps_what_is_typed(browse, owner):
    cell = traded_cell(own_tenant(owner))
    visit = browse(owner, hurried=True)
    page = visit.go(f"/positions/{cell.pk}/")
    field = page.get_by_label("Price to try")
    field.fill("91.25")
    before = page.locator("#worth").inner_text()

    run_at(cell, 94)
    visit.wait(RENEWED_S)

    expect(page.locator("#worth")).not_to_have_text(before)
    expect(page.locator("#timeline")).to_contain_text("at 94:")
    expect(field).to_have_value("91.25")


def test_sliding_the_price_tells_the_decision_and_saves_nothing(browse, owner):
    cell = traded_cell(own_tenant(owner))
    page = browse(owner).go(f"/positions/{cell.pk}/")
    before = everything_written()

    page.get_by_label("Slide the price").fill("90.00")

    expect(page.locator("#what-if-answer")).to_contain_text("at 90:")
    expect(page.get_by_label("Price to try")).to_have_value("90.00")
    page.get_by_label("Price to try").fill("120")
    expect(page.locator("#what-if-answer")).to_contain_text("at 120:")
    assert everything_written() == before


def test_the_chart_is_drawn_and_its_ranges_can_be_chosen(browse, owner):
    cell = history_cell(own_tenant(owner), days=40)
    page = browse(owner).go(f"/positions/{cell.pk}/")
    chart = page.locator("#price-chart")

    expect(chart).to_have_attribute("data-drawn", re.compile(r"2\d\d"))
    page.get_by_role("link", name="3 months").click()

    expect(chart).to_have_attribute("data-drawn", re.compile(r"^6\d$"))
    expect(chart.locator("canvas").first).to_be_visible()


def test_without_javascript_everything_is_a_link_or_a_form(browse, owner):
    cell = traded_cell(own_tenant(owner))
    page = browse(owner, java_script_enabled=False).go(f"/positions/{cell.pk}/")

    page.get_by_label("Price to try").fill("90")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#what-if-answer")).to_contain_text("at 90:")
    page.get_by_role("link", name="IBM #1").click()
    page.get_by_role("link", name="See it as a table.").click()
    page.get_by_role("link", name="5 years").click()
    expect(page.get_by_role("table")).to_contain_text("Bought 10.46890955 at $97.00")
    page.get_by_role("link", name="IBM #1").click()
    page.locator("#performance").get_by_role("link", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Against just holding")
