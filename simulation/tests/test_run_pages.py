"""Pages of runs without JavaScript: asked for, made, looked at, compared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import Role
from accounts.tests.pages import Visitor, entries_of
from accounts.tests.people import logged_in, make_member, make_user, own_tenant
from accounts.transactions import unit_of_work
from configs.tests.builders import set_position, set_tenant
from market.errors import NoData
from market.queries import bundled_span
from market.replay_clock import set_clock
from positions.tests.builders import make_position
from simulation.metrics import RANKED
from simulation.models import Simulation, StoredHistory
from simulation.requests import keep_history, settings_of_job
from simulation.run_words import FIGURES
from simulation.tests.saved import done_run, make_run, work
from simulation.verdicts import RANKS

pytestmark = pytest.mark.django_db

NEW = "/simulations/new"
YEARS = {"ticker": "ibm", "start": "2004-01-02", "end": "2006-12-29"}
BARS = """date,open,high,low,close,volume
2024-01-08,100,101,99,100,1200
2024-01-10,104,106,103,105,1200
2024-01-12,53,54,51,52,2400
"""


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def viewer(olga) -> Visitor:
    return Visitor(make_member(own_tenant(olga), Role.VIEWER, "vera"))


def upload(**files: str) -> dict[str, SimpleUploadedFile]:
    return {f"{name}_file": SimpleUploadedFile("x.csv", text.encode()) for name, text in files.items()}


def test_a_run_is_asked_for_made_and_shown(viewer):
    answer = viewer.send(NEW, **YEARS, up_threshold_pct="4", qty="50")
    run = Simulation.objects.get()
    waiting = viewer.get(answer["Location"]).text
    work()
    done = unescape(viewer.get(answer["Location"]).text)

    assert answer["Location"] == f"/simulations/{run.pk}/"
    assert (run.ticker, run.qty, str(run.first_date), run.actor) == ("IBM", 50, "2004-01-02", "vera")
    assert settings_of_job(run).trigger.up_threshold_pct == 4
    assert f'max="{run.total}" value="0"' in waiting
    run.refresh_from_db()
    assert f">{run.metrics['trade_count']}<" in done
    assert "What its lead over holding is made of" in done
    assert done.count('class="tip"') > 10


def test_what_is_over_is_shown_at_once_and_what_goes_on_is_asked_again(viewer, olga):
    run = make_run(own_tenant(olga))

    first = viewer.get(f"/simulations/{run.pk}/now")
    version = first.text.partition('"seen": "')[2][:16]
    again = viewer.client.get(f"/simulations/{run.pk}/now", {"seen": version})
    Simulation.objects.update(status="running", done=300)
    moved = viewer.client.get(f"/simulations/{run.pk}/now", {"seen": version})
    work()

    assert 'value="0"' in first.text
    assert again.status_code == 204
    assert 'value="300"' in moved.text
    assert viewer.get(f"/simulations/{run.pk}/now")["HX-Refresh"] == "true"


def test_empty_fields_are_as_the_account_has_them(viewer, olga):
    set_tenant(own_tenant(olga), "trigger", up_threshold_pct=Decimal(7))

    viewer.send(NEW, **YEARS, down_threshold_pct="2", commission_rate="0.05")

    settings = settings_of_job(Simulation.objects.get())
    assert (settings.trigger.up_threshold_pct, settings.trigger.down_threshold_pct) == (7, 2)
    assert settings.order_policy.commission_rate == Decimal("0.0005")


def test_a_preset_fills_in_the_fields(viewer):
    filled = viewer.send(NEW, button="preset:gentle", **YEARS)

    assert entries_of(filled.text)["up_threshold_pct"] == "5"
    assert entries_of(filled.text)["start"] == "2004-01-02"
    assert not Simulation.objects.exists()


def test_what_it_starts_from_is_said_before(viewer):
    seen = viewer.send(NEW, button="see", **YEARS).text

    assert "755 days of IBM" in seen
    assert not Simulation.objects.exists()


def test_a_cell_begins_with_what_it_has_and_its_own_settings(viewer, olga):
    cell = make_position(own_tenant(olga), qty="12.5", cash=777)
    set_position(cell, "trigger", up_threshold_pct=Decimal(9))
    page = f"/positions/{cell.pk}/simulate"

    shown = entries_of(viewer.get(page).text)
    viewer.send(page, start="2004-01-02", end="2004-12-31")

    assert (shown["ticker"], shown["qty"], shown["cash"]) == ("IBM", "12.5", "777")
    assert shown["up_threshold_pct"] == "9"
    run = Simulation.objects.get()
    assert (run.qty, run.cash) == (Decimal("12.5"), 777)
    assert settings_of_job(run).trigger.up_threshold_pct == 9
    assert page in viewer.get(f"/positions/{cell.pk}/").text


def test_a_cell_on_stored_history_is_not_shown_its_future(viewer, olga):
    cell = make_position(own_tenant(olga), market_provider="replay")
    day = date(2004, 6, 1)
    with unit_of_work():
        set_clock(first_day=day, last_day=date(2005, 6, 1), pace_s=Decimal(1), now=timezone.now())

    page = entries_of(viewer.get(f"/positions/{cell.pk}/simulate").text)

    assert page["end"] == "2004-06-01"


def test_a_run_can_be_asked_for_again_with_other_settings(viewer, olga):
    run = done_run(own_tenant(olga), "up_threshold_pct=4", "commission_rate=0.002")

    shown = entries_of(viewer.get(f"{NEW}?run={run.pk}").text)

    assert (shown["up_threshold_pct"], shown["commission_rate"]) == ("4", "0.2")
    assert (shown["down_threshold_pct"], shown["start"]) == ("", "2004-01-02")


def test_a_history_brought_along_is_kept_and_run(viewer):
    splits = "date,new_shares,old_shares\n2024-01-11,2,1\n"
    entries = entries_of(viewer.get(NEW).text) | {"ticker": "ACME", "qty": "10"}

    answer = viewer.client.post(NEW, {**entries, **upload(bars=BARS, splits=splits)})
    work()

    run = Simulation.objects.get()
    assert answer.status_code == 303
    assert (run.status, run.total, run.history.ticker) == ("done", 3, "ACME")
    assert Decimal(run.final["qty"]) > 10
    assert f"kept:{run.history_id}" in viewer.get(NEW).text


class Feed:
    """A live market that knows one ticker, as far as a form asks."""

    name = "feed"
    is_live = True
    is_confirmed = False

    def history(self, ticker, start, end):
        if ticker != "ACME":
            raise NoData(f"The feed doesn't know {ticker}.")
        bars = bundled_span("IBM", date(2004, 1, 2), date(2004, 3, 1)).bars
        return tuple(bar for bar in bars if start <= bar.date <= end)

    def dividends(self, ticker):
        return ()

    def splits(self, ticker):
        return ()


@pytest.fixture
def feed(settings):
    settings.MARKET_PROVIDERS = {**settings.MARKET_PROVIDERS, "feed": f"{__name__}.Feed"}
    settings.MARKET_PROVIDER = "feed"


def test_prices_can_be_fetched_from_a_live_market_and_are_kept(viewer, feed):
    answer = viewer.send(NEW, ticker="ACME", source="fetch", start="2004-01-02", end="2004-02-02")
    unknown = viewer.send(NEW, ticker="NOPE", source="fetch")
    work()

    assert answer.status_code == 303
    run = Simulation.objects.get()
    assert (run.status, run.history.source, str(run.last_date)) == ("done", "feed", "2004-02-02")
    assert unknown.status_code == 422
    assert "The feed doesn't know NOPE. Try again later" in unescape(unknown.text)
    assert StoredHistory.objects.count() == 1


def test_without_a_live_market_nothing_is_fetched(viewer):
    assert 'value="fetch"' not in viewer.get(NEW).text
    assert viewer.send(NEW, **YEARS, source="fetch").status_code == 422


def test_another_tenants_history_can_not_be_chosen(viewer):
    with unit_of_work():
        theirs = keep_history(tenant_id=own_tenant(make_user("sven")).pk, ticker="ACME", bars=BARS)

    assert viewer.send(NEW, ticker="ACME", source=f"kept:{theirs.pk}").status_code == 422
    assert str(theirs.pk) not in viewer.get(NEW).text


WRONG_FILES = {
    "bars": ({"bars": BARS + "2024-01-15,1,1,1,x,1\n"}, "bars.csv, line 5"),
    "dividends": ({"bars": BARS, "dividends": "ex_date\n"}, "dividends.csv"),
    "splits": ({"bars": BARS, "splits": "date,new_shares,old_shares\nx,1,2\n"}, "splits.csv, line 2"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_what_is_wrong_in_a_file_stands_at_its_field_and_nothing_is_kept(viewer, name):
    files, told = WRONG_FILES[name]
    entries = entries_of(viewer.get(NEW).text) | {"ticker": "ACME"}

    answer = viewer.client.post(NEW, {**entries, **upload(**files)})

    assert answer.status_code == 422
    assert told in answer.text.partition(f'id="id_{name}_file-errors"')[2][:300]
    assert not StoredHistory.objects.exists()
    assert not Simulation.objects.exists()


WRONG = {
    "no ticker": ({"ticker": "I B M"}, "A ticker has 1 to 12"),
    "unknown ticker": ({"ticker": "NOPE"}, "NOPE"),
    "the end before the start": ({"end": "2003-01-02"}, "Not before the first day."),
    "no days": ({"start": "1950-01-02", "end": "1950-01-03"}, "no bars of IBM between"),
    "a file that isn't there": ({"source": "upload"}, "Choose a file."),
    "rails that cross": ({"min_stock_pct": "80"}, "Lower guardrail"),
    "no number": ({"up_threshold_pct": "three"}, "plain digits"),
    "too much": ({"cash": "9999999999"}, "At most 9 digits"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_and_nothing_begins(viewer, name):
    typed, told = WRONG[name]

    answer = viewer.send(NEW, **{**YEARS, **typed})

    assert answer.status_code == 422
    assert told in unescape(answer.text)
    assert not Simulation.objects.exists()


def test_a_run_is_cancelled_on_a_page_that_asks_first(viewer, olga):
    run = make_run(own_tenant(olga))

    answer = viewer.send(f"/simulations/{run.pk}/cancel")
    work()

    assert "The run is cancelled." in viewer.told(answer)
    run.refresh_from_db()
    assert (run.status, run.trades.count()) == ("cancelled", 0)


def test_runs_stand_side_by_side_with_what_they_differ_in(viewer, olga):
    one = done_run(own_tenant(olga), "up_threshold_pct=2")
    two = done_run(own_tenant(olga), "up_threshold_pct=6")
    theirs = done_run(own_tenant(make_user("sven")))
    queued = make_run(own_tenant(olga))

    page = viewer.client.get(
        "/simulations/compare", {"run": [one.pk, two.pk, theirs.pk, queued.pk, "nonsense"]}
    ).text

    assert "Run 2" in page
    assert "Run 3" not in page
    assert page.count('<span class="badge">differs</span>') == 1
    assert "2 of the chosen are left out" in page
    assert page.count("<polyline") == 2
    assert ">best<" in page


def test_trades_are_on_the_price_chart_and_in_the_files(viewer, olga):
    run = done_run(own_tenant(olga))

    chart = viewer.get(f"/simulations/{run.pk}/chart").json()
    csv = viewer.get(f"/simulations/{run.pk}/files/trades").getvalue().decode()
    curve = viewer.get(f"/simulations/{run.pk}/files/curve?format=csv").getvalue()
    xlsx = viewer.get(f"/simulations/{run.pk}/files/curve?format=xlsx").getvalue()

    assert len(chart["points"]) == run.total
    assert len(chart["marks"]) == run.trades.count() == csv.count("\n") - 1
    assert curve.count(b"\n") == run.points.count() + 1
    assert xlsx[:2] == b"PK"
    assert viewer.get(f"/simulations/{run.pk}/files/nothing").status_code == 404


def test_the_list_takes_as_many_queries_with_many_runs(olga, django_assert_max_num_queries):
    client = logged_in(olga)
    for _ in range(3):
        make_run(own_tenant(olga))
    client.get("/simulations/")

    with django_assert_max_num_queries(12):
        page = client.get("/simulations/").text

    assert page.count("Waiting") == 3


def test_every_figure_that_ranks_has_words():
    assert set(RANKED) | set(RANKS) <= set(FIGURES)
