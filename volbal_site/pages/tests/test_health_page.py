"""The page of health: every sign when it is well and when it isn't, with the way out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role, Tenant
from accounts.tests.people import logged_in, make_member, make_user, own_tenant
from accounts.transactions import unit_of_work
from alerts.faults import note_fault
from alerts.models import FaultKind
from alerts.pulses import BOOKS_CHECKED, WORKER, last_pulse, note_pulse
from market.models import HostBreaker, Quote
from orders.breakers import note_check_of_books
from orders.models import Order, Tick, TickChunk
from orders.tests.builders import make_difference, make_order
from positions.models import Position
from positions.tests.builders import OPENED_AT, make_position, make_stamp
from volbal_site.books import check_books
from volbal_site.pages import signs
from volbal_site.pages.signs import LOOK, QUIET, WELL, WRONG

pytestmark = pytest.mark.django_db

NOW = OPENED_AT  # a Monday, 11:00 in New York
CHUNK = {"number": 0, "evaluated": 3}


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def tenant(olga) -> Tenant:
    return own_tenant(olga)


def ago(**span: int) -> datetime:
    return NOW - timedelta(**span)


def beat(kind: str, at: datetime) -> None:
    with unit_of_work():
        note_pulse(kind, at)


def tick(opened_at: datetime, **chunk: object) -> None:
    row = Tick.objects.create(id=1, slot=opened_at, opened_at=opened_at, positions=3, chunks=1)
    TickChunk.objects.create(tick=row, **{**CHUNK, **chunk})


@pytest.mark.parametrize(
    ("heard_at", "tone", "told"),
    [
        (ago(seconds=4), WELL, "Heard of 4 s ago."),
        (ago(seconds=99), WRONG, "for 99 seconds"),
        (None, LOOK, "ever"),
    ],
)
def test_the_worker(heard_at, tone, told):
    if heard_at is not None:
        beat(WORKER, heard_at)

    sign = signs.worker_sign(NOW)

    assert sign.tone == tone
    assert told in sign.told
    assert bool(sign.way_out) == (tone != WELL)


@pytest.mark.parametrize(
    ("opened_at", "chunk", "tone", "told"),
    [
        (ago(seconds=20), {"done_at": ago(seconds=18)}, WELL, "Last 20 s ago, done in 2.0 s."),
        (ago(minutes=5), {"done_at": ago(minutes=2)}, LOOK, "Last 5 min ago, done in 180.0 s."),
        (ago(seconds=20), {}, WELL, "Last 20 s ago, 1 of 1 parts still to be done."),
        (ago(minutes=3), {}, LOOK, "Last 3 min ago, 1 of 1 parts still to be done."),
        (ago(seconds=20), {"done_at": NOW, "failed": 2}, WRONG, "2 cells could not be evaluated"),
    ],
)
def test_the_ticks(opened_at, chunk, tone, told):
    assert signs.tick_sign(NOW).tone == QUIET
    tick(opened_at, **chunk)

    sign = signs.tick_sign(NOW)

    assert sign.tone == tone
    assert told in sign.told


def quote(newest: datetime | None, **doubt: object) -> None:
    price = None if newest is None else 100
    Quote.objects.create(
        provider="static", ticker="IBM", price=price, as_of=newest, is_real=True, fetched_at=NOW, **doubt
    )


DOUBT = {"doubt_price": 150, "doubt_as_of": NOW, "doubt_gate": "outlier_quote"}


@pytest.mark.parametrize(
    ("newest", "doubt", "at", "tone", "told"),
    [
        (ago(seconds=20), {}, NOW, WELL, "20 s old"),
        (ago(minutes=20), {}, NOW, WRONG, "20 min old"),
        (ago(minutes=20), {}, NOW + timedelta(hours=12), WELL, "12 h old"),  # the market is closed
        (ago(seconds=20), DOUBT, NOW, LOOK, "1 ticker jumped"),
    ],
)
def test_the_prices(tenant, newest, doubt, at, tone, told):
    make_position(tenant)
    assert [sign.tone for sign in signs.feed_signs(tenant, NOW)] == [QUIET]
    quote(newest, **doubt)

    (sign,) = signs.feed_signs(tenant, at)

    assert sign.tone == tone
    assert told in sign.told


def test_prices_of_the_past_say_how_far_they_have_come(tenant):
    make_position(tenant)
    Position.objects.update(market_provider="replay")

    (sign,) = signs.feed_signs(tenant, timezone.now())

    assert (sign.tone, sign.told[-12:]) == (WELL, " 8 Jan 2024.")


def test_a_feeds_host_that_fails_is_named_with_when_it_is_asked_again(tenant):
    HostBreaker.objects.create(host="feed.example", failures=3, open_until=NOW + timedelta(minutes=4))

    (sign,) = signs.feed_signs(tenant, NOW)

    assert (sign.title, sign.tone) == ("feed.example", WRONG)
    assert "asked again in 4 min" in sign.told


def test_the_brokers(tenant):
    cell = make_position(tenant, broker="paper_http")
    make_position(own_tenant(make_user("sven")), broker="manual")

    def told(differences=()):
        (sign,) = signs.broker_signs(tenant, differences, NOW)
        return sign.tone, sign.told

    assert told() == (WELL, "No order is open there.")
    order = make_order(cell, status="new")
    assert told() == (WELL, "Open orders: 1, 1 of them still to be sent.")
    with unit_of_work():
        note_fault(FaultKind.BROKER, f"paper_http/{tenant.pk}", ago(seconds=9))
    assert told() == (LOOK, "1 error in the last five minutes.")
    Order.objects.filter(pk=order.pk).update(status="submitted", sent_at=NOW)
    Order.objects.filter(pk=order.pk).update(status="unknown")
    assert told() == (WRONG, "Of 1 order nobody knows what became.")
    assert told(["paper_http", "other"]) == (WRONG, "It and the books differ in 1 way.")


def test_the_check_of_the_books():
    assert signs.books_sign(NOW).tone == QUIET

    check_books(stamp=make_stamp(NOW))
    assert last_pulse(BOOKS_CHECKED) == NOW
    assert signs.books_sign(NOW + timedelta(hours=3)).told == "Checked 3 h ago, and everything agreed."
    assert signs.books_sign(NOW + timedelta(hours=27)).tone == LOOK

    with unit_of_work():
        note_check_of_books(faults=2, stamp=make_stamp(NOW))
    failed = signs.books_sign(NOW)
    assert failed.tone == WRONG
    assert "found 2 faults" in failed.told


def test_what_the_program_stands_on(monkeypatch):
    assert {sign.tone for sign in signs.program_signs()} == {WELL}
    caches["lists"].clear()  # two seconds later

    monkeypatch.setattr(
        signs, "outcomes", lambda: {"database": None, "guards": "3 are missing", "worker": "gone"}
    )
    assert [(sign.title, sign.tone, sign.told) for sign in signs.program_signs()] == [
        ("Database", WELL, "As it should be."),
        ("Guards of history", WRONG, "3 are missing."),
    ]


def test_the_page_says_what_is_wrong_first_and_the_versions_last(olga, tenant):
    make_difference(make_position(tenant))

    page = logged_in(olga).get("/health").text

    assert "1 thing wrong:</strong> Broker paper" in page
    assert "Explain them under Orders." in page
    assert page.index("Broker paper") < page.index("<dt>Django</dt>")


def test_differences_are_the_owners_to_see_here_too(tenant):
    make_difference(make_position(tenant))
    viewer = logged_in(make_member(tenant, Role.VIEWER, "vera"))

    assert "the books differ" not in viewer.get("/health").text


def test_when_all_is_well_the_page_says_so(olga, tenant):
    now = timezone.now()
    beat(WORKER, now)
    make_position(tenant)

    assert "All is well." in logged_in(olga).get("/health/now").text


def test_the_page_takes_as_many_queries_with_many_cells_as_with_one(olga, tenant):
    client = logged_in(olga)

    def queries():
        client.get("/health")
        with CaptureQueriesContext(connection) as found:
            assert client.get("/health").status_code == 200
        return len(found)

    def fill_in():
        make_order(make_position(tenant, broker="paper_http"), status="unknown")
        make_position(tenant, ticker=f"T{Position.objects.count()}", broker="manual")
        make_difference(make_position(tenant), broker=f"b{Position.objects.count()}")

    fill_in()
    with_few = queries()
    for _ in range(5):
        fill_in()

    assert queries() == with_few
    assert with_few <= 32
