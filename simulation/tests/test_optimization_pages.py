"""Pages of optimizations without JavaScript: a grid, its verdict, its ranking, and using a setting."""

from __future__ import annotations

from decimal import Decimal
from html import unescape

import pytest

from accounts.models import Role
from accounts.tests.pages import Visitor, entries_of
from accounts.tests.people import make_member, make_user, own_tenant
from configs.resolver import effective_config
from configs.tests.builders import set_position
from orders.tests.builders import all_faults, everything_written
from positions.models import Event
from positions.tests.builders import make_position
from simulation.models import Optimization
from simulation.tests.saved import done_grid, make_grid, work
from simulation.verdicts import ranked_trials

pytestmark = pytest.mark.django_db

NEW = "/simulations/optimizations/new"
YEARS = {"ticker": "IBM", "start": "2004-01-02", "end": "2006-12-29"}
SMALL = {**YEARS, "to_1": "4", "step_1": "1.5", "from_2": "2", "to_2": "4", "step_2": "2"}


@pytest.fixture
def olga():
    return make_user("olga")


@pytest.fixture
def owner(olga) -> Visitor:
    return Visitor(olga)


@pytest.fixture
def viewer(olga) -> Visitor:
    return Visitor(make_member(own_tenant(olga), Role.VIEWER, "vera"))


def test_a_grid_is_counted_asked_for_tried_and_shown(viewer):
    counted = unescape(viewer.send(NEW, button="see", **SMALL).text)
    assert not Optimization.objects.exists()
    answer = viewer.send(NEW, **SMALL, rank_by="total_return_pct", train_pct="70", folds="2")
    waiting = viewer.get(answer["Location"]).text
    work()
    done = unescape(viewer.get(answer["Location"]).text)

    assert "6 settings</strong> are tried, each over 755 days of IBM" in counted
    assert "Sell when up by: 1, 2.5, 4" in counted
    found = Optimization.objects.get()
    assert found.grid == {"up_threshold_pct": ["1", "2.5", "4"], "down_threshold_pct": ["2", "4"]}
    assert (found.rank_by, found.train_pct, found.folds) == ("total_return_pct", 70, 2)
    assert 'max="6" value="0"' in waiting
    assert "obust improvement" in done
    assert done.count("<title>Sell when up by ") == 6
    assert "Use these settings" not in done  # a viewer changes no settings


def test_words_and_percents_can_be_tried_too(viewer):
    typed = {"what_1": "order_sizing_strategy", "what_2": "commission_rate"}
    viewer.send(NEW, **YEARS, **typed, from_2="0.01", to_2="0.05", step_2="0.04")

    grid = Optimization.objects.get().grid
    assert set(grid["order_sizing_strategy"]) == {"proportional", "fixed_percentage", "original"}
    assert grid["commission_rate"] == ["0.0001", "0.0005"]


WRONG = {
    "nothing": ({"what_1": "", "what_2": ""}, "Choose at least one setting"),
    "the same twice": ({"what_2": "up_threshold_pct"}, "It stands there already."),
    "no beginning": ({"from_1": ""}, "From where?"),
    "no step": ({"step_1": "0"}, "In steps of how much?"),
    "backwards": ({"from_1": "9", "to_1": "2"}, "Not below where it begins."),
    "too fine": ({"step_1": "0.001"}, "at most 200"),
    "too many": ({"from_1": "1", "to_1": "90", "step_1": "0.5", "from_2": "1", "to_2": "90", "step_2": "0.5"},
                 "1 to 20,000 settings"),
    "nobody's threshold": ({"from_1": "0", "to_1": "2", "step_1": "1"}, "Sell when up by"),
    "no day to choose": ({"train_pct": "5"}, "10 to 100"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_can_not_be_tried_is_said_and_nothing_begins(viewer, name):
    typed, told = WRONG[name]

    answer = viewer.send(NEW, **{**SMALL, **typed})

    assert answer.status_code == 422
    assert told in unescape(answer.text)
    assert not Optimization.objects.exists()


def test_the_ranking_is_by_any_figure_and_part(viewer, olga):
    found = done_grid(own_tenant(olga))
    page = f"/simulations/optimizations/{found.pk}/"

    for figure, part in (("max_drawdown_pct", "test"), ("total_return_pct", "train"), ("nonsense", "moon")):
        text = viewer.client.get(page, {"by": figure, "part": part}).text
        known = figure if figure != "nonsense" else found.rank_by
        best = ranked_trials(found, rank_by=known, part=part if part != "moon" else "all")[0]
        first = text.partition('<th scope="row">1</th>')[2][:400]
        assert [f">{value} %<" in first for value in best.values.values()] == [True, True]


def test_what_was_tried_is_a_file(viewer, olga):
    found = done_grid(own_tenant(olga))

    csv = viewer.get(f"/simulations/optimizations/{found.pk}/file").getvalue().decode()

    assert csv.startswith("rank,up_threshold_pct,down_threshold_pct,")
    assert csv.count("\n") == 7


def test_one_that_is_cancelled_shows_what_was_tried(viewer, olga):
    found = make_grid(own_tenant(olga))

    answer = viewer.send(f"/simulations/optimizations/{found.pk}/cancel")
    work()

    assert "what was tried stays" in viewer.told(answer)
    assert "after 0 of 6 settings" in viewer.get(answer["Location"]).text
    assert viewer.get(f"/simulations/optimizations/{found.pk}/now")["HX-Refresh"] == "true"


def test_a_setting_that_was_tried_can_be_run_alone(viewer, olga):
    found = done_grid(own_tenant(olga))

    shown = entries_of(viewer.get(f"/simulations/new?trial={found.pk}&number=4").text)

    assert (shown["up_threshold_pct"], shown["down_threshold_pct"]) == ("6", "")  # 3 is the default


@pytest.mark.parametrize("is_robust", [True, False])
def test_using_the_best_settings_is_urged_only_where_they_are_robust(owner, olga, is_robust):
    found = done_grid(own_tenant(olga))
    found.verdict = {**found.verdict, "is_robust": is_robust}
    found.save(update_fields=["verdict"])

    page = owner.get(f"/simulations/optimizations/{found.pk}/").text

    before = page.partition(">Use these settings<")[0].rpartition("<a ")[2]
    assert before.startswith('class="button main"' if is_robust else 'class="button"')


def test_settings_are_used_only_after_before_and_after_were_shown(owner, olga):
    found = done_grid(own_tenant(olga))
    cell = make_position(own_tenant(olga))
    set_position(cell, "guardrail", max_stock_pct=Decimal(60))
    before = everything_written()

    page = f"/simulations/optimizations/{found.pk}/use/5"
    ready = owner.send(page, button="see")
    assert everything_written() == before
    answer = owner.press(page, entries_of(ready.text))

    text = unescape(ready.text)
    changes = text.partition("What changes for")[2]
    assert (
        changes.index(">3 %<") < changes.index("<strong>6 %</strong>") < changes.index("<strong>5 %</strong>")
    )
    assert "Upper guardrail: 60 % (tried with 75 %)" in text
    assert answer["Location"] == f"/positions/{cell.pk}/"
    trigger = effective_config(cell).trigger
    assert (trigger.up_threshold_pct, trigger.down_threshold_pct) == (6, 5)
    event = Event.objects.filter(type="config_changed").latest("ts")
    assert (event.actor, event.position_id) == ("olga", cell.pk)
    assert all_faults() == []


def test_a_double_click_writes_settings_once(owner, olga):
    found = done_grid(own_tenant(olga))
    cell = make_position(own_tenant(olga))
    page = f"/simulations/optimizations/{found.pk}/use/5"
    entries = entries_of(owner.send(page, button="see").text)

    answers = [owner.press(page, entries) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert Event.objects.filter(type="config_changed", position=cell).count() == 1


def test_settings_that_do_not_fit_a_cell_are_refused(owner, olga):
    found = done_grid(own_tenant(olga), grid={"min_stock_pct": ["40"]})
    cell = make_position(own_tenant(olga))
    set_position(cell, "guardrail", min_stock_pct=Decimal(10), max_stock_pct=Decimal(30))

    answer = owner.send(f"/simulations/optimizations/{found.pk}/use/0", button="see")

    assert answer.status_code == 422
    assert "Lower guardrail" in unescape(answer.text)
    assert effective_config(cell).guardrail.min_stock_pct == 10


def test_only_an_owner_writes_and_only_into_an_own_cell(owner, viewer, olga):
    found = done_grid(own_tenant(olga))
    make_position(own_tenant(olga))
    theirs = make_position(own_tenant(make_user("sven")))
    page = f"/simulations/optimizations/{found.pk}/use/5"

    assert viewer.get(page).status_code == 403
    assert owner.send(page, cell=theirs.pk).status_code == 422
    assert owner.get(f"/simulations/optimizations/{found.pk}/use/6").status_code == 404
    assert not Event.objects.filter(type="config_changed").exists()
