"""docs/strategy.md, "The decision": the core's own door, as a process and line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volbal.door import answer_line
from volbal.tests.builders import make_line
from volbal.tests.strategies import ordinary_lines

ROOT = Path(__file__).resolve().parents[2]
FIELDS = ["action", "reason", "side", "raw_qty", "qty", "notional", "commission", "stock_pct_before"]
FIELDS += ["stock_pct_after", "binding_limit", "buy_at", "sell_at", "explanation"]
steady = settings(derandomize=True, database=None, deadline=None, max_examples=150)


def run(*arguments: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    return subprocess.run(
        [sys.executable, "-S", "-m", "volbal", *arguments],
        input=text,
        capture_output=True,
        cwd=ROOT,
        env=environment,
        timeout=60,
    )


def encode(*lines: Any) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def error_of(line: Any) -> dict[str, str]:
    raw = line if isinstance(line, bytes) else json.dumps(line).encode()
    answered, good = answer_line(raw)
    assert not good, answered
    error = json.loads(answered)["error"]
    assert set(error) == {"code", "detail"}
    assert error["detail"].endswith(".")
    return error


def good_answer(line: Any) -> dict[str, Any]:
    answered, good = answer_line(json.dumps(line).encode())
    assert good, answered
    return json.loads(answered)


# As a process


def test_one_good_line_gives_one_decision_and_exit_0() -> None:
    done = run("decide", text=encode(make_line("97")))
    assert (done.returncode, done.stderr) == (0, b"")
    (answered,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert list(answered) == FIELDS
    assert (answered["action"], answered["qty"], answered["side"]) == ("BUY", "10.46890955", "BUY")
    assert (answered["buy_at"], answered["sell_at"]) == ("96.999999", "103")


def test_bad_lines_are_answered_in_their_place_and_the_rest_go_on() -> None:
    lines = [
        encode(make_line("97")),
        b"{not json}\n",
        encode(make_line("100")),
        b"\xff\xfe\n",
        b"[" * 20000 + b"]" * 20000 + b"\n",
        b'{"position": NaN}\n',
        b'{"position": {}, "position": {}}\n',
        encode({**make_line("97"), "color": "red"}),
        encode(make_line("103")),
    ]
    done = run("decide", text=b"".join(lines))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert done.stderr == b""
    assert len(answers) == len(lines)
    assert [answered.get("action") for answered in answers] == ["BUY", None, "HOLD", *[None] * 5, "SELL"]
    codes = [answered["error"]["code"] for answered in answers if "error" in answered]
    assert codes == ["malformed-json"] * 5 + ["unknown-field"]


def test_no_input_is_no_output_and_exit_0() -> None:
    done = run("decide")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_blank_lines_and_a_missing_last_newline_are_fine() -> None:
    done = run("decide", text=b"\n" + encode(make_line("97")) + b"\r\n  \n" + encode(make_line("100"))[:-1])
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize("arguments", [(), ("decide", "more"), ("invent",), ("--frobnicate",)])
def test_a_wrong_call_shows_the_usage_and_exits_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"usage:" in done.stderr


def test_help_is_not_an_error() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert b"usage:" in done.stdout


def test_nothing_outside_the_standard_library_is_imported() -> None:
    program = (
        "import sys; sys.argv = ['volbal', 'decide']\n"
        "from volbal.__main__ import main\n"
        "main(['decide'])\n"
        "top = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(top - set(sys.stdlib_module_names) - {'volbal', '__main__'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        input=encode(make_line("97")),
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == b"[]"


def test_the_answers_are_the_same_in_any_locale_and_hash_seed() -> None:
    text = encode(*[make_line(str(price)) for price in range(80, 121)])
    assert run("decide", text=text).stdout == run("decide", text=text).stdout


# Line by line


@pytest.mark.parametrize(("group", "key"), [("position", "qty"), ("position", "cash"), ("quote", "price")])
def test_a_missing_required_field_is_named(group: str, key: str) -> None:
    line = make_line("97")
    del line[group][key]
    error = error_of(line)
    assert error["code"] == "missing-field"
    assert f"{group}.{key}" in error["detail"]


@pytest.mark.parametrize("group", ["position", "quote"])
def test_a_missing_required_group_is_named(group: str) -> None:
    line = make_line("97")
    del line[group]
    error = error_of(line)
    assert error["code"] == "missing-field"
    assert group in error["detail"]


GROUPS = ["position", "quote", "trigger", "guardrail", "order_policy", "today"]


@pytest.mark.parametrize("group", GROUPS)
def test_an_unknown_field_inside_a_group_is_refused_and_named(group: str) -> None:
    line = make_line("97")
    line.setdefault(group, {})["colour"] = "1"
    error = error_of(line)
    assert error["code"] == "unknown-field"
    assert f"{group}.colour" in error["detail"]


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("value", [None, [], "x", 3, True])
def test_a_group_is_an_object(group: str, value: Any) -> None:
    assert error_of({**make_line("97"), group: value})["code"] in ("out-of-range", "invalid-config")


@pytest.mark.parametrize("raw", [b"[]", b"null", b"3", b'"x"', b"true", b"{} {}", b"{", b"", b'{"a":1,}'])
def test_a_line_is_one_json_object(raw: bytes) -> None:
    assert error_of(raw)["code"] == "malformed-json"


@pytest.mark.parametrize("token", [b"NaN", b"Infinity", b"-Infinity", b"01", b"+1", b".5", b"1.", b"0x1"])
def test_a_bare_token_that_is_not_json_is_malformed(token: bytes) -> None:
    raw = b'{"position": {"qty": 1, "cash": 1}, "quote": {"price": ' + token + b"}}"
    assert error_of(raw)["code"] == "malformed-json"


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "1e2", "1_0", "１０", " 1", "+1", "", "1.0000001", "abc", "1" * 5000]
)
def test_a_string_that_is_no_plain_decimal_is_an_invalid_number(text: str) -> None:
    assert error_of(make_line(text))["code"] == "invalid-number"
    assert error_of(make_line("97", qty="0", cash=text))["code"] == "invalid-number"


@pytest.mark.parametrize("value", [True, False, None, [], {}, [1]])
def test_a_number_is_a_string_or_a_json_number(value: Any) -> None:
    assert error_of(make_line(value))["code"] == "invalid-number"
    assert error_of(make_line("97", qty=value))["code"] == "invalid-number"


def test_numbers_may_be_json_numbers_and_mean_the_same() -> None:
    written = b'{"position": {"qty": 100, "cash": 1e4, "anchor_price": 100.0}, "quote": {"price": 97.00}}'
    answered, good = answer_line(written)
    assert good
    assert json.loads(answered) == good_answer(make_line("97"))


@pytest.mark.parametrize("key", ["a", "position"])
def test_a_key_twice_in_one_object_is_malformed(key: str) -> None:
    raw = b'{"position": {"qty": "1", "qty": "2", "cash": "1"}, "quote": {"price": "1"}}'
    assert error_of(raw)["code"] == "malformed-json"
    assert error_of(f'{{"{key}": {{}}, "{key}": {{}}}}'.encode())["code"] == "malformed-json"


@pytest.mark.parametrize("depth", [20_000, 200_000])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_deep_nesting_is_refused_and_does_not_crash(depth: int, opening: bytes) -> None:
    assert error_of(opening * depth)["code"] == "malformed-json"


def test_invalid_utf8_is_refused() -> None:
    raw = json.dumps(make_line("97")).encode().replace(b'"97"', b'"9\xff"')
    assert error_of(raw) == {"code": "malformed-json", "detail": "It is not UTF-8."}


def test_a_missing_or_null_anchor_is_no_anchor() -> None:
    line = make_line("97")
    line["position"]["anchor_price"] = None
    assert good_answer(line)["reason"] == "no_anchor"
    del line["position"]["anchor_price"]
    answered = good_answer(line)
    assert (answered["action"], answered["reason"]) == ("SKIP", "no_anchor")
    assert (answered["buy_at"], answered["sell_at"]) == (None, None)


def test_only_qty_cash_and_price_are_required() -> None:
    answered = good_answer({"position": {"qty": "1", "cash": "1"}, "quote": {"price": "1"}})
    assert answered["reason"] == "no_anchor"


MAY_BE_NULL = ["max_trade_pct_of_position", "max_daily_notional", "max_orders_per_day"]
MAY_NOT = [
    "up_threshold_pct",
    "down_threshold_pct",
    "min_stock_pct",
    "max_stock_pct",
    "min_qty",
    "min_notional",
]
MAY_NOT += ["lot_size", "qty_step", "action_below_min", "rebalance_ratio", "order_sizing_strategy"]
MAY_NOT += ["allow_after_hours", "commission_rate", "dividend_receivable", "orders", "notional", "ticker"]


@pytest.mark.parametrize("name", MAY_BE_NULL)
def test_null_means_no_limit_for_the_three_limits(name: str) -> None:
    answered = good_answer(make_line("97", orders="99", **{name: None, "max_orders_per_day": None}))
    assert answered["action"] == "BUY"


@pytest.mark.parametrize("name", MAY_NOT)
def test_null_is_an_error_elsewhere(name: str) -> None:
    error = error_of(make_line("97", **{name: None}))
    assert error["code"] in ("invalid-number", "invalid-config", "invalid-ticker", "out-of-range")


@pytest.mark.parametrize("name", ["market_open", "open_order"])
@pytest.mark.parametrize("value", [None, "true", 1, 0, []])
def test_a_flag_is_true_or_false(name: str, value: Any) -> None:
    error_of({**make_line("97"), name: value})


def test_missing_groups_take_the_defaults() -> None:
    bare = {"position": make_line()["position"], "quote": {"price": "97"}}
    spelled = make_line(
        "97",
        up_threshold_pct="3",
        down_threshold_pct="3",
        min_stock_pct="25",
        max_stock_pct="75",
        max_trade_pct_of_position=None,
        max_daily_notional=None,
        max_orders_per_day=5,
        min_qty="0",
        min_notional="100",
        lot_size="0",
        qty_step="0",
        action_below_min="hold",
        rebalance_ratio="1.6667",
        order_sizing_strategy="proportional",
        allow_after_hours=False,
        commission_rate="0.0001",
        dividend_receivable="0",
        orders=0,
        notional="0",
    )
    assert good_answer(bare) == good_answer(spelled)


@pytest.mark.parametrize("ticker", ["KO", "brk.b", "A" * 12, "7203", "X-Y"])
def test_a_ticker_is_accepted_in_any_case(ticker: str) -> None:
    assert good_answer(make_line("97", ticker=ticker))["action"] == "BUY"


@pytest.mark.parametrize("ticker", ["", "A" * 13, "K O", "KO\n", "ＫＯ", "ß", "ı", "K_O", 5])
def test_what_is_no_ticker_is_refused(ticker: Any) -> None:
    assert error_of(make_line("97", ticker=ticker))["code"] == "invalid-ticker"


@pytest.mark.parametrize(("name", "value"), [("qty", "-1"), ("cash", "-0.01"), ("dividend_receivable", "-1")])
def test_a_negative_holding_is_out_of_range(name: str, value: str) -> None:
    assert error_of(make_line("97", **{name: value}))["code"] == "out-of-range"


@pytest.mark.parametrize(
    ("name", "value"),
    [("qty", "10000000"), ("cash", "1000000000"), ("anchor_price", "1000000000"), ("orders", "1.5")],
)
def test_a_number_with_too_many_digits_is_refused(name: str, value: str) -> None:
    assert error_of(make_line("97", **{name: value}))["code"] in ("out-of-range", "invalid-number")


@steady
@given(st.binary(max_size=60))
def test_any_bytes_get_an_answer_and_never_an_exception(raw: bytes) -> None:
    answered, good = answer_line(raw)
    assert not good
    assert set(json.loads(answered)) == {"error"}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["97", "0", "hold"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@steady
@given(ordinary_lines(), st.data())
def test_a_line_with_one_value_replaced_by_junk_gets_an_answer(
    line: dict[str, Any], data: st.DataObject
) -> None:
    group = data.draw(st.sampled_from(sorted(line)))
    target: Any = line[group]
    if isinstance(target, dict) and target and data.draw(st.booleans()):
        target[data.draw(st.sampled_from(sorted(target)))] = data.draw(JUNK)
    else:
        line[group] = data.draw(JUNK)
    answered, good = answer_line(json.dumps(line).encode())
    assert set(json.loads(answered)) == (set(FIELDS) if good else {"error"})
