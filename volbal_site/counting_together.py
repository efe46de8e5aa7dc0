"""Lets the processes that answer requests count together, so that whoever is asked can tell for all.

Imports nothing of prometheus_client: that looks for the folder when it is imported.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Files of memory: on a disk that is full, writing to a mapped file kills the process.
_MEMORY = Path("/dev/shm")  # noqa: S108  the folder made there has a random name and is ours alone


@contextmanager
def counting_together(processes: int) -> Iterator[None]:
    """Give the processes that are started inside the block a folder to count in, if there are several."""
    if processes == 1 or SHARED_FOLDER in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="volbal-", dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        os.environ[SHARED_FOLDER] = folder
        yield
