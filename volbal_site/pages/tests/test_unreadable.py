"""Words that can't be read are noticed: those that a box cuts off, and those under other words."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from volbal_site.pages.tests.browser import UNREADABLE

PAGE = """<body><h1 style="font: 16px/1.5 sans-serif">Sold 9.5 IBM</h1>
<p style="font: 16px/1.5 sans-serif; {style}">at $103.00, and this is why</p></body>"""


@pytest.fixture
def page(browse) -> Page:
    return browse().page


@pytest.mark.parametrize(
    ("style", "found"),
    [
        ("", []),
        ("width: 4em; height: 1.5em; overflow: hidden", ["cut off: at $103.00, and this is why"]),
        ("width: 4em; height: 1.5em; overflow: auto", []),
        ("width: 1px; overflow: hidden; clip-path: inset(50%)", []),
        ("margin-top: -2em", ["over each other: Sold 9.5 IBM | at $103.00, and this is why"]),
        ("margin-top: -2em; visibility: hidden", []),
    ],
)
def test_it_is_found_what_cannot_be_read(page, style, found):
    page.set_content(PAGE.format(style=style))

    assert page.evaluate(UNREADABLE) == found


@pytest.mark.parametrize(("width", "found"), [("12em", []), ("3em", ["torn apart: $227,219,087.96"])])
def test_a_number_in_two_lines_is_found(page, width, found):
    page.set_content(f'<p style="width: {width}; overflow-wrap: anywhere">$227,219,087.96</p>')

    assert page.evaluate(UNREADABLE) == found


@pytest.mark.parametrize(("width", "found"), [("12em", []), ("5em", ["cut off: Proportional"])])
@pytest.mark.parametrize(
    "field", ["<select {0}><option>Proportional</select>", "<input {0} placeholder=Proportional>"]
)
def test_a_field_that_is_too_narrow_is_found(page, field, width, found):
    page.set_content(field.format(f'style="width: {width}"'))

    assert page.evaluate(UNREADABLE) == found
