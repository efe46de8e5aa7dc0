"""Collecting static files for `manage.py up`: compressed, named by their content, in var/static."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders

COLLECTED = {"STATIC_COLLECTED": "true"}
_STAMP = "collected"


def collect_static() -> None:
    """Collect them unless nothing changed since the last time. Raises CalledProcessError.

    A process of its own does it, because how files are stored is a setting. One at a time does it, because
    several sites may start from one folder.
    """
    folder = settings.VAR_DIR / "static"
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / "lock"):
        state, stamp = _state(), folder / _STAMP
        if stamp.is_file() and stamp.read_text() == state:
            return
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
            cwd=settings.BASE_DIR,
            env={**os.environ, **COLLECTED},
            check=True,
        )
        stamp.write_text(state)


def _state() -> str:
    """Hash names, sizes and times of all files, with the version of Python that runs."""
    files = sorted(
        (name, storage.path(name)) for finder in get_finders() for name, storage in finder.list([])
    )
    told = [(name, path, os.stat(path).st_size, os.stat(path).st_mtime_ns) for name, path in files]
    return hashlib.sha256(repr((sys.version, told)).encode()).hexdigest()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
