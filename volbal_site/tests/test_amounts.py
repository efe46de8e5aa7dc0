"""Numbers, times and drawings as pages show them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from volbal_site import svg
from volbal_site.templatetags import amounts

D = Decimal


@pytest.mark.parametrize(
    ("how", "value", "text"),
    [
        ("money", D("1234.5"), "$1,234.50"),
        ("money", D("-1234.565"), "−$1,234.56"),
        ("money", D("-0.001"), "$0.00"),
        ("money", D(0), "$0.00"),
        ("money", None, "–"),
        ("money", "", "–"),
        ("whole_money", D("1234.5"), "$1,234"),
        ("large_money", D("999999.99"), "$999,999.99"),
        ("large_money", D("-1234567.89"), "−$1,234,568"),
        ("large_money", None, "–"),
        ("price", D("119.3"), "$119.30"),
        ("price", D("119.304321"), "$119.304321"),
        ("shares", D("12.57421597"), "12.57421597"),
        ("shares", D("1000.00000000"), "1,000"),
        ("pct", D("54.389999"), "54.39 %"),
        ("pct", D("-3"), "−3.00 %"),
        ("rate", D("0.0001"), "0.01 %"),
        ("rate", D("0.25"), "25 %"),
    ],
)
def test_a_number_reads_so(how, value, text):
    assert getattr(amounts, how)(value) == text


@pytest.mark.parametrize(
    ("how", "value", "text"),
    [
        ("money", D("1.5"), "+$1.50"),
        ("money", D("-1.5"), "−$1.50"),
        ("money", D("0.004"), "$0.00"),
        ("pct", D("1.98"), "+1.98 %"),
        ("pct", None, "–"),
    ],
)
def test_a_sign_is_always_said_but_of_nothing(how, value, text):
    assert amounts.signed(value, how) == text


def test_a_time_says_its_zone_and_follows_its_clock():
    winter, summer = datetime(2024, 1, 8, 16, 0, tzinfo=UTC), datetime(2024, 7, 8, 16, 0, tzinfo=UTC)

    assert ">8 Jan 2024, 11:00 New York<" in amounts.moment(winter)
    assert ">12:00 New York<" in amounts.clock(summer)
    assert 'datetime="2024-01-08T16:00:00+00:00"' in amounts.moment(winter)
    assert ">8 Jan 2024<" in amounts.day(date(2024, 1, 8))
    assert ">7 Jan 2024<" in amounts.day(datetime(2024, 1, 8, 3, 0, tzinfo=UTC))


def test_the_guardrail_bar_says_in_words_what_it_draws_and_has_no_inline_style():
    drawn = svg.rail(D("54.39"), D(25), D(75), "54.39 % stock <b>")

    assert 'aria-label="54.39 % stock &lt;b&gt;"' in drawn
    assert 'class="rail-needle inside" cx="108.78"' in drawn
    assert "style" not in drawn
    assert "outside" in svg.rail(D(80), D(25), D(75), "")
    assert "circle" not in svg.rail(None, D(25), D(75), "")


def test_a_line_is_interrupted_where_nothing_is_known():
    assert svg.spark([D(1), D(2), None, D(3), D(4)], "rising").count("<polyline") == 2
    assert "<svg" not in svg.spark([D(1), None], "too little")
    assert 'points="0,38 200,38"' in svg.spark([D(1), D(1)], "flat")


def test_a_bar_is_never_longer_than_full():
    assert 'width="200" height="8" rx="4"/></svg>' in svg.bar(D(3), "over")
