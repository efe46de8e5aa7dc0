"""`manage.py up --demo`: trades, dividends and a split in its first days; the second start goes on."""

from __future__ import annotations

import re
import sys

import pytest

from dividends.tests.scratch import scratch_database
from volbal_site.tests.running_site import running_site, wait_until
from volbal_site.tests.web_processes import books_are_right, working_on

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
    pytest.mark.django_db(transaction=True),
]

PASSWORD = re.compile(r"Log in as demo with the password ([a-z2-9]{5}(?:-[a-z2-9]{5}){3})\n")


def day_of(scratch) -> str:
    return str(scratch.rows("SELECT day FROM market_replayclock")[0][0])


def first_days(scratch, type_: str) -> dict[str, str]:
    """Return the date of the first event of a type, by ticker."""
    rows = scratch.rows(
        "SELECT p.ticker, min(e.ts) FROM positions_event e JOIN positions_position p ON p.id = e.position_id"
        f" WHERE e.type = '{type_}' GROUP BY p.ticker"
    )
    return {ticker: str(ts)[:10] for ticker, ts in rows}


def play(scratch, tmp_path, until: str, **environment: str) -> str:
    """Run `up --demo` until a day is done; return what it said."""
    with running_site(scratch, tmp_path, options=["--demo"], **environment) as site:
        wait_until(lambda: day_of(scratch) > until)
        return site.said.read_text()


@pytest.mark.any_database
def test_it_says_how_to_log_in_and_trades_history(migrated, tmp_path):
    with scratch_database(tmp_path, migrated) as scratch:
        said = play(scratch, tmp_path, "2003-02-19", DEMO_PACE_S="0")

        assert len(PASSWORD.findall(said)) == 1
        assert "it is at the close of 2003-01-02, day 0 of 2557." in said
        assert first_days(scratch, "ex_div_effective") == {"IBM": "2003-02-06", "MSFT": "2003-02-19"}
        assert first_days(scratch, "split_applied") == {"MSFT": "2003-02-18"}
        assert set(first_days(scratch, "order_filled")) == {"IBM", "MSFT"}
        with working_on(scratch):
            assert books_are_right()


@pytest.mark.faults
@pytest.mark.quick
def test_started_again_it_goes_on_where_it_stopped(tmp_path):
    with scratch_database(tmp_path) as scratch:
        play(scratch, tmp_path, "2003-01-10", DEMO_PACE_S="0")
        reached = day_of(scratch)

        said = play(scratch, tmp_path, reached)

        assert PASSWORD.findall(said) == []
        assert f"it is at the close of {reached}, day" in said
        assert scratch.rows("SELECT count(*) FROM positions_position") == [(2,)]
        assert scratch.rows("SELECT count(*) FROM accounts_user") == [(1,)]
