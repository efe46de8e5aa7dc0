"""The supervisor's children live and end together, whatever they are like."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from volbal_site.tests.running_site import MARK, Site, wait_until

pytestmark = [
    pytest.mark.any_database,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
]

# Programs share a file, and `print` may write a line's end by itself (PYTHONUNBUFFERED).
SAYS_UP = "import os, time; os.write(1, b'up\\n'); "
SLEEPS = SAYS_UP + "time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPS
# It ends when told to; the process it started doesn't.
LEAVES_ONE_BEHIND = (
    f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); " + SLEEPS
)
SUPERVISES = """
import sys
from volbal_site.supervisor import Child, Supervisor
children = [Child(name=f"child-{n}", arguments=("-c", text)) for n, text in enumerate(sys.argv[1:])]
sys.exit(Supervisor(children, lambda text: print(text, flush=True), grace_s=0.5).run())
"""


@pytest.fixture
def supervised(tmp_path):
    """Start a supervisor of programs; wait until that many processes said that they are up."""
    started = []

    def start(*programs, processes=None):
        mark, said = uuid.uuid4().hex, tmp_path / "said.log"
        with said.open("wb") as file:
            up = subprocess.Popen(
                [sys.executable, "-c", SUPERVISES, *programs],
                env={**os.environ, MARK: mark},
                stdout=file,
                stderr=subprocess.STDOUT,
                preexec_fn=_hear_of_hangups,
            )
        site = Site(up, 0, said, mark)
        started.append(site)
        wait_until(lambda: said.read_text().count("up\n") >= (processes or len(programs)), 20)
        return site

    yield start
    for site in started:
        for pid in site.processes():
            os.kill(pid, signal.SIGKILL)
        site.up.wait(10)


def _hear_of_hangups():
    """Where `nohup` runs the tests, what they start would have it that a hang-up means nothing."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_all(supervised, number):
    site = supervised(SLEEPS, SLEEPS)

    site.up.send_signal(number)

    assert site.up.wait(5) == 0
    assert site.processes() == []


@pytest.mark.parametrize("program", [STUBBORN, LEAVES_ONE_BEHIND])
def test_what_does_not_end_is_killed(supervised, program):
    site = supervised(program, SLEEPS, processes=2 + (program is LEAVES_ONE_BEHIND))

    site.up.terminate()

    assert site.up.wait(5) == 0
    assert site.processes() == []


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ("import sys; sys.exit(3)", "child-1 ended by itself with status 3"),
        ("pass", "child-1 ended by itself with status 0"),
        ("os.abort()", "child-1 was killed by SIGABRT"),
    ],
)
def test_a_child_that_ends_by_itself_ends_all(supervised, ends, words):
    # The other one may be told to end before it could say anything.
    site = supervised(SLEEPS, SAYS_UP + ends, processes=1)

    assert site.up.wait(5) == 1
    assert site.processes() == []
    assert f"{words}. Everything is stopped." in site.said.read_text()


def test_children_end_with_a_supervisor_that_is_killed(supervised):
    site = supervised(SLEEPS, SLEEPS)

    site.up.kill()

    wait_until(lambda: site.processes() == [], 5)


def test_no_zombie_is_left_while_a_supervisor_stops(supervised):
    site = supervised(LEAVES_ONE_BEHIND, processes=2)
    own = Path(f"/proc/{site.up.pid}/task/{site.up.pid}/children")
    (child,) = own.read_text().split()
    os.kill(int(child), signal.SIGKILL)

    assert site.up.wait(5) == 1
    assert site.processes() == []
