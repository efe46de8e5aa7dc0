"""Keeps programs running as children: all of them, or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from volbal_site.parent_death import adopt_orphans, die_with

# Stopping takes ten seconds at most: this long for the children to finish what they are at, the rest to kill.
GRACE_S = 8.0
_REAP_S = 1.0
_LOOK_EVERY_S = 0.1
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A program to keep running: what it is called, its arguments after `python`, and what else it is told.

    `is_ready` is asked until it says that the program does its work.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    is_ready: Callable[[], bool] = lambda: True


class Supervisor:
    """Runs children until a signal comes or one of them ends by itself; then none is left.

    Each child leads a process group of its own, so that Ctrl-C reaches only the supervisor and a group can
    be killed whole. The kernel ends the children when the supervisor is killed.
    """

    def __init__(
        self,
        children: Sequence[Child],
        say: Callable[[str], object],
        *,
        when_ready: str = "",
        grace_s: float = GRACE_S,
    ) -> None:
        self._children = children
        self._when_ready = when_ready
        self._say = say
        self._grace_s = grace_s
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._signals = 0

    def run(self) -> int:
        """Start all, say when they are ready, wait, stop all.

        Return 0 if a signal asked for it, 1 if a child ended by itself.
        """
        self._listen()
        adopt_orphans()
        try:
            for child in self._children:
                self._running[child.name] = _start(child)
            ended = self._wait()
        finally:
            self._stop()
        return 1 if ended else 0

    def _listen(self) -> None:
        for number in STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                signal.signal(number, self._count)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _wait(self) -> bool:
        """Return whether a child ended, once one has or a signal came."""
        while not self._signals:
            for name, process in self._running.items():
                status = process.poll()
                if status is not None:
                    self._say(f"{name} {_in_words(status)}. Everything is stopped.")
                    return True
            self._say_when_ready()
            time.sleep(_LOOK_EVERY_S)
        return False

    def _say_when_ready(self) -> None:
        if self._when_ready and all(child.is_ready() for child in self._children):
            self._say(self._when_ready)
            self._when_ready = ""

    def _stop(self) -> None:
        """Ask all to end, wait, kill what is left of each group. A second signal ends the waiting."""
        asked = self._signals
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + self._grace_s
        while self._is_any_alive() and time.monotonic() < deadline and self._signals <= asked:
            time.sleep(_LOOK_EVERY_S)
        for process in self._running.values():
            _kill_group(process)
        _reap_orphans()

    def _is_any_alive(self) -> bool:
        return any([process.poll() is None for process in self._running.values()])


def _start(child: Child) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    return subprocess.Popen(
        [sys.executable, *child.arguments],
        env={**os.environ, **child.environment},
        stdin=subprocess.DEVNULL,
        process_group=0,
        # Runs in the forked child, where no other thread is.
        preexec_fn=lambda: die_with(parent, signal.SIGTERM),
    )


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):  # nobody is left, or only zombies are
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _reap_orphans() -> None:
    """Wait for adopted processes, which were killed with their groups; not for ever."""
    deadline = time.monotonic() + _REAP_S
    while time.monotonic() < deadline:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            time.sleep(_LOOK_EVERY_S / 10)


def _in_words(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended by itself with status {status}"
