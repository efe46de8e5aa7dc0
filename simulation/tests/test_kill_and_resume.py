"""`kill -9` of a replay, again and again, ends in the books of a replay that nobody disturbed."""

from __future__ import annotations

import random
import signal
import time

import pytest

from dividends.tests.scratch import Scratch, finished, scratch_database
from market.bundled_history import bundled_history

KILLS = 10
POLL = 0.005
REPLAY = ("replay", "IBM", "--to", "2000-12-29", "--resume")
DAYS = [bar.date.isoformat() for bar in bundled_history("IBM").bars if bar.date.isoformat() <= "2000-12-29"]


def bars_in_the_books(scratch: Scratch) -> int:
    """Return how many bars the one replay has committed."""
    rows = scratch.rows("SELECT last_date FROM simulation_replayrun")
    return 0 if not rows or rows[0][0] is None else DAYS.index(str(rows[0][0])) + 1


def kill_after(scratch: Scratch, bars: int, delay: float) -> int:
    """Resume, kill the process some time after `bars` more are committed; return how many are then."""
    had = bars_in_the_books(scratch)
    with scratch.start(*REPLAY) as process:
        deadline = time.monotonic() + 60
        while bars_in_the_books(scratch) < had + bars:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(POLL)
        time.sleep(delay)
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    return bars_in_the_books(scratch)


@pytest.mark.faults
@pytest.mark.quick
@pytest.mark.lesson
def test_ten_kills_end_in_the_same_books_as_none(migrated, tmp_path):
    """A fill took five separate commits; the receivable was 0 after a restart."""
    choose = random.Random(2000)
    with scratch_database(tmp_path, migrated) as killed:
        with (
            scratch_database(tmp_path, migrated) as undisturbed,
            undisturbed.start(*REPLAY) as whole,
        ):
            reached = [
                kill_after(killed, choose.randint(1, 9), choose.random() * 0.012) for _ in range(KILLS)
            ]
            last = killed.run(*REPLAY)
            assert (last.returncode, finished(whole).returncode) == (0, 0)

            assert reached == sorted(set(reached))
            assert 0 < reached[0] <= reached[-1] < len(DAYS)
            assert killed.told("ledger_digest") == undisturbed.told("ledger_digest")
        assert killed.rows("SELECT count(*) FROM positions_position") == [(1,)]
        assert killed.rows("SELECT count(*) FROM positions_event WHERE type = 'position_evaluated'") == [
            (len(DAYS),)
        ]
        checks = [killed.start(name) for name in ("verify_ledger", "verify_audit", "replay_decisions")]
        assert [finished(check).returncode for check in checks] == [0, 0, 0]
