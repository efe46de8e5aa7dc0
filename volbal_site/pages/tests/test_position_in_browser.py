"""The pages of a cell and of a decision in a real browser."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from accounts.tests.people import make_user, own_tenant
from positions.tests.builders import make_position
from volbal_site.pages.tests.cells import decision_that, history_cell, traded_cell

pytestmark = pytest.mark.django_db(transaction=True)


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
