"""Everything that moves a cell, mixed at random, from many threads to many web processes."""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

import pytest

from configs.tests.builders import set_position
from orders.models import Trade
from positions.tests.builders import make_position
from volbal_site.tests.dividend_calls import DAY, TODAY
from volbal_site.tests.web_processes import all_at_once, books_are_right

THREADS = 16
CELLS = ("paper", "paper", "manual", "manual", "manual")


def evaluate(call, cell, dice):
    return call("POST", f"{cell}/evaluate?price={dice.randint(80, 125)}")


def order(call, cell, dice):
    body = {"side": dice.choice(["BUY", "SELL"]), "qty": str(dice.randint(1, 30)), "price": "100"}
    return call("POST", f"{cell}/orders", body, f"order-{dice.random()}")


def move_cash(call, cell, dice):
    return call("POST", f"{cell}/cash", {"amount": str(dice.randint(-3000, 3000) or 1)})


def set_anchor(call, cell, dice):
    return call("POST", f"{cell}/anchor", {"price": str(dice.randint(90, 110))})


def configure(call, cell, dice):
    threshold = str(dice.choice(["1", "2.5", "4"]))
    trigger = {"up_threshold_pct": threshold, "down_threshold_pct": threshold}
    return call("PUT", f"{cell}/config", {"trigger": trigger})


def cancel(call, cell, dice):
    newest = call("GET", f"{cell}/orders?limit=1").json()["items"]
    return call("POST", f"/orders/{newest[0]['id']}/cancel") if newest else None


def fill(call, cell, dice):
    """Report a share of the newest order, sometimes one that was reported before."""
    newest = call("GET", f"{cell}/orders?limit=1").json()["items"]
    if not newest:
        return None
    body = {"execution_id": f"{newest[0]['id']}/{dice.randint(1, 12)}", "qty": "0.5", "price": "100"}
    return call("POST", f"/orders/{newest[0]['id']}/fill", body)


def stop(call, cell, dice):
    return call("POST", "/trading/halt", {"position_id": cell.rsplit("/", 1)[1], "reason": "a fire"})


def go_on(call, cell, dice):
    return call("POST", "/trading/unhalt", {"position_id": cell.rsplit("/", 1)[1], "reason": "it is out"})


def announce_dividend(call, cell, dice):
    """Announce one of a few dividends of all cells."""
    day = (TODAY - dice.randint(0, 4) * DAY).isoformat()
    body = {"ticker": "IBM", "ex_date": day, "pay_date": day, "dps": "0.5"}
    return call("POST", "/dividends/announce", body)


def pay_dividend(call, cell, dice):
    known = call("GET", "/dividends").json()["items"]
    return call("POST", "/dividends/pay", {"dividend_id": dice.choice(known)["id"]}) if known else None


def announce_split(call, cell, dice):
    day = (TODAY - dice.randint(0, 2) * DAY).isoformat()
    return call("POST", "/splits", {"ticker": "IBM", "date": day, "new_shares": 11, "old_shares": 10})


def resume(call, cell, dice):
    return call("PATCH", cell, {"status": "active"})


def read(call, cell, dice):
    return call("GET", f"{cell}{dice.choice(['', '/events', '/config', '/orders'])}")


ACTS = (
    *(evaluate, order, move_cash, set_anchor, configure, cancel, fill, resume, read),
    *(stop, go_on, announce_dividend, pay_dividend, announce_split),
)
OFTEN = (*ACTS, evaluate, order, fill, fill, go_on, resume)


@pytest.mark.parametrize(
    ("seed", "calls"),
    [(1, 250), *(pytest.param(seed, 3000, marks=pytest.mark.faults) for seed in (2, 3))],
)
def test_a_few_hundred_calls_of_all_kinds_leave_the_books_right(call, tenant, seed, calls):
    cells = [make_cell(tenant, broker) for broker in CELLS]
    dice = Random(seed)
    planned = [(dice.choice(OFTEN), dice.choice(cells), dice.random()) for _ in range(calls)]

    answers = all_at_once(
        [
            lambda act=act, cell=cell, seed=seed: act(call, f"/positions/{cell.pk}", Random(seed))
            for act, cell, seed in planned
        ],
        threads=THREADS,
    )

    told = defaultdict(Counter)
    for (act, _, _), answer in zip(planned, answers, strict=True):
        if answer is not None:
            told[act.__name__][answer.code or answer.status] += 1
    done = {name for name, codes in told.items() if codes[200] or codes[201]}
    # An unlucky order of events may leave nothing to cancel.
    assert done | {"cancel"} == {act.__name__ for act in ACTS}, told
    assert Trade.objects.filter(tenant=tenant).exists()
    assert books_are_right()


def make_cell(tenant, broker):
    cell = make_position(tenant=tenant, broker=broker)
    set_position(cell, "guardrail", max_orders_per_day="none")
    return cell
