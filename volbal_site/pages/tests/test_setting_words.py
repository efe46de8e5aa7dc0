"""Settings in words: every one has a name and a unit, and says where it came from."""

from __future__ import annotations

from decimal import Decimal

import pytest

from configs.words import SETTINGS
from volbal.fields import GROUPS
from volbal_site.pages.setting_words import groups_of, setting_text

NAMES = {name for fields in GROUPS.values() for name in fields}


def test_every_setting_has_a_name():
    assert set(SETTINGS) == NAMES


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("up_threshold_pct", Decimal("1.5"), "1.5 %"),
        ("min_stock_pct", "25", "25 %"),
        ("max_trade_pct_of_position", None, "no limit"),
        ("max_trade_pct_of_position", "2", "2 %"),
        ("max_daily_notional", "none", "no limit"),
        ("max_daily_notional", Decimal(1000), "$1,000.00"),
        ("max_orders_per_day", 5, "5"),
        ("min_qty", Decimal(0), "none"),
        ("min_qty", "2.5", "2.5 shares"),
        ("lot_size", "0", "no lots"),
        ("commission_rate", "0.0001", "0.01 %"),
        ("allow_after_hours", False, "no"),
        ("action_below_min", "hold", "it waits"),
        ("order_sizing_strategy", "somebodys_own", "somebodys_own"),
        ("slippage_bps", "20", "20 basis points"),
    ],
)
def test_a_value_is_told_with_its_unit(name, value, text):
    assert setting_text(name, value) == text


def test_a_setting_that_no_scope_names_is_everyones():
    values = {group: dict.fromkeys(fields, "none") for group, fields in GROUPS.items()}
    values["order_policy"] |= {"action_below_min": "hold", "order_sizing_strategy": "original"}

    told = list(groups_of(values, {"trigger": {"up_threshold_pct": "POSITION"}}))

    assert [one.origin for one in told[0].settings] == ["of this cell", "of the installation"]
    assert [one.is_own for one in told[0].settings] == [True, False]
