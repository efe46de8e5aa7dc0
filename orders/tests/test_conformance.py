"""Every broker that there is passes the kit, and adapters that are wrong on purpose don't."""

from __future__ import annotations

import pytest

from orders.brokers.conformance import CASES, run_case
from orders.brokers.paper_http import PaperHttpBroker
from orders.tests.alpaca_process import alpaca_process, point_at
from orders.tests.conformance_harnesses import (
    InventsAnId,
    LosesAPartialFill,
    ResendsOn504,
    RoundsAQuantity,
    ServerHarness,
    alpaca_harness,
    manual_harness,
    paper_harness,
)

TIMEOUT_S, HANG_S = 0.4, "0.6"
BY_NAME = {case.name: case for case in CASES}
NAMES = [case.name for case in CASES]
WRONG = [
    (ResendsOn504, "error_504_after_success", "sent a second time"),
    (LosesAPartialFill, "partial_fills", "an execution is missing"),
    (InventsAnId, "execution_ids", "the broker's own ids"),
    (RoundsAQuantity, "submit", "the quantity was changed"),
]


@pytest.fixture(scope="module")
def alpaca_server():
    with alpaca_process("--hang", HANG_S, "--page", "3") as server:
        yield server


@pytest.fixture(scope="module")
def paper_server():
    with alpaca_process("--hang", HANG_S, module="orders.brokers.paper_server") as server:
        yield server


@pytest.fixture
def calm(alpaca_server, settings):
    """Alpaca's stand-in, with nothing planted."""
    point_at(settings, alpaca_server, timeout_s=TIMEOUT_S)
    alpaca_server.plant("hold", on=False)
    return alpaca_server


@pytest.mark.parametrize("name", NAMES)
def test_alpaca_passes_the_kit(name, calm):
    run_case(BY_NAME[name], alpaca_harness(calm))


@pytest.mark.parametrize("name", NAMES)
def test_the_paper_server_passes_the_kit(name, paper_server, settings):
    settings.PAPER_HTTP_URL, settings.BROKER_TIMEOUT_S = paper_server.url, TIMEOUT_S
    paper_server.plant("hold", on=False)
    does_not_apply = {"clock_skew": "its executions bear the time that their order was sent with"}

    run_case(BY_NAME[name], ServerHarness(paper_server, PaperHttpBroker(), does_not_apply))


@pytest.mark.parametrize("make", [paper_harness, manual_harness])
def test_brokers_without_a_line_pass_what_applies(make):
    harness = make()
    applies = [case for case in CASES if case.name not in harness.does_not_apply]

    for case in applies:
        run_case(case, harness)

    assert {"traits", "submit", "sell", "unknown_order"} == {case.name for case in applies}


@pytest.mark.parametrize(("kind", "name", "words"), WRONG)
def test_a_wrong_adapter_fails_where_it_is_wrong(kind, name, words, calm):
    with pytest.raises(AssertionError, match=words):
        run_case(BY_NAME[name], alpaca_harness(calm, kind))


def test_a_case_that_the_kit_has_not_cannot_be_declared(calm):
    harness = alpaca_harness(calm)
    harness.does_not_apply = {"nonsense": "it isn't there"}

    with pytest.raises(AssertionError, match="nonsense"):
        run_case(CASES[0], harness)
