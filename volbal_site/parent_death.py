"""Links between processes that the kernel keeps: a child dies with its parent, an orphan is adopted.

Linux only; elsewhere these do nothing, and whoever kills a parent with SIGKILL has to look after the rest.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


def die_with(parent: int, by: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent, whose id is given, ends however it ends.

    The link is lost when this process forks, and kept when it becomes another program.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, by.value)
    if os.getppid() != parent:  # it ended before the kernel was asked
        os.kill(os.getpid(), by)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
