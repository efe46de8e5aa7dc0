"""What a first view weighs on the line, with everything it loads: small enough for a slow line."""

from __future__ import annotations

import gzip

import pytest
from playwright.sync_api import Response

from accounts.tests.people import make_user, own_tenant
from volbal_site.pages.tests.cells import history_cell

# Of the site's own answers nothing is compressed by us; files are, when they are collected.
FILES = ("stylesheet", "script", "image")
MOST_BYTES = 150_000


def weight_of(answer: Response) -> int:
    body = answer.body()
    return len(gzip.compress(body) if answer.request.resource_type in FILES else body)


@pytest.mark.parametrize("page", ["/", "/positions/{cell}/"])
def test_a_first_view_is_light(browse, page):
    owner = make_user("olga")
    cell = history_cell(own_tenant(owner), days=10)
    visit = browse(owner)
    answers: list[Response] = []
    visit.page.on("response", lambda answer: answers.append(answer))

    visit.go(page.format(cell=cell.pk))
    visit.page.wait_for_load_state("networkidle")

    weights = {answer.url: weight_of(answer) for answer in answers}
    assert len(weights) >= 5  # not every browser asks for the icon
    assert sum(weights.values()) < MOST_BYTES, weights
