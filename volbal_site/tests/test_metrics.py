"""`/metrics` tells Prometheus how things are, and nobody else."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from urllib.request import Request, urlopen

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.transactions import unit_of_work
from alerts.models import Fault, FaultKind
from alerts.pulses import WORKER, note_pulse
from alerts.services import raise_alert
from alerts.tests.builders import make_alert, make_channel
from dividends.tests.scratch import ROOT, scratch_database
from market.models import HostBreaker, Quote
from orders.models import BrokerDifference, Tick, TickChunk, TradingState
from orders.switches import turn
from orders.tests.builders import make_order, run_at
from orders.tests.scripted_broker import NAME, scripted
from positions.tests.builders import make_position, make_stamp, make_tenant
from volbal_site.tests.api_client import Api, make_key
from volbal_site.tests.away import database_away
from volbal_site.tests.running_site import running_site

pytestmark = pytest.mark.django_db
TOKEN = "a token that is long enough to be one"
REQUESTS = 40


@pytest.fixture(autouse=True)
def _token(settings):
    settings.METRICS_TOKEN = TOKEN


def ask(token=TOKEN, method="get", scheme="Bearer"):
    return getattr(Client(), method)("/metrics", headers={"Authorization": f"{scheme} {token}"})


def figures():
    answer = ask()
    assert answer.status_code == 200
    return samples(answer.text)


def samples(text):
    """Return every sample as {(name, *values of its labels): value}."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def counted(method, route, status):
    return figures().get(("volbal_http_request_seconds_count", method, route, status), 0)


def without_own(page):
    """Leave out what no two pages have in common: address, number of the request, token of the form."""
    return re.sub(r'(<code>|value=")[^<"]+', r"\1", page)


@pytest.mark.parametrize("token", ["", "x", TOKEN + "x", TOKEN[:-1], "ключ"])
@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_without_the_token_there_is_nothing(token, method):
    nowhere = getattr(Client(), method)("/nowhere")
    answer = ask(token.encode().decode("latin-1"), method)

    assert (answer.status_code, without_own(answer.text)) == (404, without_own(nowhere.text))


def test_without_a_token_in_the_settings_nobody_gets_in(settings):
    settings.METRICS_TOKEN = ""

    assert [ask(token).status_code for token in ("", TOKEN)] == [404, 404]


def test_with_it_one_may_read_and_do_nothing_else():
    answer = ask()

    assert answer["Content-Type"].startswith("text/plain; version=")
    assert answer["Cache-Control"] == "no-store"
    assert ask(scheme="bearer").status_code == 200
    assert ask(scheme="Basic").status_code == 404
    assert ask(method="post").status_code == 405


def test_requests_are_counted_by_the_address_as_it_is_written_and_by_status():
    tenant = make_tenant("ann")
    api, position = Api(make_key(tenant)), make_position(tenant)
    route = "v1/positions/<uuidstr:position_id>"
    before = counted("GET", route, "200")

    for _ in range(3):
        assert api.get(f"/positions/{position.pk}").status_code == 200
    api.get(f"/positions/{tenant.pk}")

    assert counted("GET", route, "200") == before + 3
    assert counted("GET", route, "404") >= 1


def test_what_the_caller_makes_up_is_no_label():
    Client().generic("MADEUP", "/made-up-address?x=made-up-query")
    text = ask().text

    assert "made" not in text.lower()
    assert 'method="other",route="none",status="404"' in text


def test_evaluations_of_the_last_minutes_are_counted_by_outcome():
    now = timezone.now()
    for price in (100, 100, 104):
        run_at(make_position(), price, at=now)
    run_at(make_position(), 104, at=now - timedelta(minutes=6))

    found = figures()

    assert found["volbal_evaluations_5m", "HOLD", "inside_band"] == 2
    assert found["volbal_evaluations_5m", "SELL", "trigger_up"] == 1
    assert found["volbal_positions", "active"] == 4
    assert found["volbal_orders", "paper", "filled"] == 2


def test_the_schedules_work_is_told():
    now = timezone.now()
    for minutes, took in ((3, 20), (2, 7), (1, None)):
        slot = now - timedelta(minutes=minutes)
        tick = Tick.objects.create(id=minutes, slot=slot, opened_at=slot, positions=2, chunks=2)
        for number, done in enumerate([timedelta(seconds=1), took and timedelta(seconds=took)]):
            at = done and slot + done
            TickChunk.objects.create(tick=tick, number=number, done_at=at, evaluated=3, recorded=2, failed=1)

    found = figures()

    assert found["volbal_tick_seconds",] == 7
    assert found["volbal_tick_chunks_waiting",] == 1
    assert found["volbal_tick_positions_5m", "evaluated"] == 18
    assert found["volbal_tick_positions_5m", "failed"] == 6


def test_the_heartbeat_is_told():
    with unit_of_work():
        note_pulse(WORKER, timezone.now() - timedelta(seconds=40))

    assert 40 <= figures()["volbal_heartbeat_age_seconds", WORKER] < 70


def test_without_ticks_no_duration_is_made_up():
    assert ("volbal_tick_seconds",) not in figures()


def test_orders_are_counted_by_what_they_wait_for(settings):
    now = timezone.now()
    with scripted(settings):
        make_order(make_position(broker="manual"), status="new")
        make_order(make_position(broker=NAME), status="new", at=now - timedelta(seconds=90))
        sent = make_order(make_position(broker=NAME), status="accepted")
        sent.sent_at = now
        sent.save()

        found = figures()

    assert [found["volbal_orders_waiting", what] for what in ("a_person", "sending", "the_broker")] == [1] * 3
    assert 90 <= found["volbal_oldest_unsent_order_seconds",] < 120
    assert found["volbal_orders", "manual", "new"] == 1


def test_when_nothing_waits_nothing_is_old():
    assert figures()["volbal_oldest_unsent_order_seconds",] == 0


def test_alerts_that_wait_are_counted():
    make_channel()
    make_alert()
    with unit_of_work():
        raise_alert(kind="stale_feed", key="h", message="m", at=timezone.now())

    found = figures()

    assert found["volbal_alerts_unrouted",] == 2
    assert found["volbal_alerts_lasting", "stale_feed"] == 1


def test_feeds_faults_switches_and_differences_are_told():
    now = timezone.now()
    for ticker, minutes in (("IBM", 10), ("MSFT", 2)):
        Quote.objects.create(
            provider="yfinance",
            ticker=ticker,
            price=1,
            as_of=now - timedelta(minutes=minutes),
            is_real=True,
            fetched_at=now,
        )
    HostBreaker.objects.create(host="a", failures=3, open_until=now + timedelta(minutes=1))
    HostBreaker.objects.create(host="b", failures=1, open_until=now - timedelta(minutes=1))
    for kind, minutes in ((FaultKind.EVALUATION, 0), (FaultKind.BROKER, 6)):
        Fault.objects.create(kind=kind, subject="x", at=now - timedelta(minutes=minutes))
    BrokerDifference.objects.create(broker="p", kind="cash", facts={}, found_at=now)
    with unit_of_work():
        turn(TradingState.HALTED, reason="test", stamp=make_stamp())

    found = figures()

    assert 120 <= found["volbal_quote_age_seconds", "yfinance"] < 150
    assert (found["volbal_feed_breaker_open", "a"], found["volbal_feed_breaker_open", "b"]) == (1, 0)
    assert found["volbal_faults_5m", "evaluation"] == 1
    assert found["volbal_trading_switches", "GLOBAL", "HALTED"] == 1
    assert found["volbal_broker_differences", "p", "cash"] == 1
    assert found["volbal_database_up",] == 1


def test_every_figure_is_in_the_documentation_and_no_other():
    told = (ROOT / "docs" / "operations.md").read_text()
    known = set(re.findall(r"^# TYPE (\w+) ", ask().text, re.MULTILINE))

    assert set(re.findall(r"`(volbal_[a-z0-9_]+?)(?:_count)?[`{]", told)) == known


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows():
    def queries():
        with CaptureQueriesContext(connection) as asked:
            ask()
        return len(asked)

    make_alert()
    few = queries()
    for number in range(5):
        run_at(make_position(make_tenant(f"t{number}")), 104, at=timezone.now())

    assert queries() == few


@pytest.mark.django_db(transaction=True)
def test_without_a_database_the_rest_is_told():
    with database_away():
        found = figures()

    assert found["volbal_database_up",] == 0
    assert not any(name == "volbal_orders" for name, *_ in found)
    assert any(name == "volbal_http_request_seconds_count" for name, *_ in found)
    assert figures()["volbal_database_up",] == 1


@pytest.mark.faults
@pytest.mark.quick
@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
def test_processes_that_answer_beside_each_other_count_together(tmp_path):
    with (
        scratch_database(tmp_path) as scratch,
        running_site(scratch, tmp_path, WEB_PROCESSES="2", METRICS_TOKEN=TOKEN) as site,
    ):
        for _ in range(REQUESTS):
            site.get("/v1/healthz")

        assert {alive_calls(site) for _ in range(8)} == {REQUESTS}


def alive_calls(site):
    request = Request(f"http://127.0.0.1:{site.port}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urlopen(request) as answer:  # noqa: S310  our own address
        found = samples(answer.read().decode())
    return found["volbal_http_request_seconds_count", "GET", "v1/healthz", "200"]
