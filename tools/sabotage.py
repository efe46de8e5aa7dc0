"""Break a copy of the code in known ways and see that the tests notice.

usage: python tools/sabotage.py [--check] [NAME ...]

Each tools/sabotage/*.patch breaks one promise. Its header says what it breaks, which tests must turn red
(`Test:`, each by itself) and on which engine (`Engine:`, sqlite if it says none). The tree as it is must pass
all of them first. With --check nothing is run: the patches must apply, and the tests they name must be there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from with_postgresql import on_postgresql

ROOT = Path(__file__).resolve().parent.parent
PATCHES = ROOT / "tools" / "sabotage"
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", ".hypothesis")
LONGEST_RUN_S = 600
ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One way to break the code, and the tests that must notice."""

    path: Path
    what: str
    engine: str
    tests: tuple[str, ...]


def read_sabotage(path: Path) -> Sabotage:
    """Read a patch's header. Raises SystemExit if it lacks something."""
    header = path.read_text().split("\n--- ", 1)[0]
    found = re.findall(r"^(What|Engine|Test): (.+)$", header, re.MULTILINE)
    tests = tuple(text for name, text in found if name == "Test")
    named = dict(found)
    engine = named.get("Engine", "sqlite")
    if "What" not in named or not tests or engine not in ENGINES:
        raise SystemExit(f"{path.name}: its header needs What:, Test:, and Engine: sqlite or postgresql.")
    return Sabotage(path, named["What"], engine, tests)


def faults_of(sabotage: Sabotage) -> Iterator[str]:
    """Yield a sentence for a patch that doesn't apply to the tree, and each of its tests that isn't there."""
    applied = apply(sabotage, ROOT, "--check")
    if applied.returncode:
        yield f"{sabotage.path.name}: it doesn't apply any more.\n{applied.stderr.strip()}"
    for test in sabotage.tests:
        file, _, name = test.partition("::")
        path = ROOT / file
        if not path.is_file() or f"\ndef {name}(" not in path.read_text():
            yield f"{sabotage.path.name}: there is no test {test}."


def apply(sabotage: Sabotage, tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Apply the patch to a tree, or only check whether it would."""
    # Without a ceiling git looks for a repository around the tree, and skips what lies outside of that.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    return subprocess.run(
        ["git", "apply", *options, str(sabotage.path)],  # noqa: S607
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def copied_tree() -> Iterator[Path]:
    """Yield a copy of the tree that may be broken."""
    with tempfile.TemporaryDirectory(prefix="volbal-sabotage-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=NOT_COPIED)
        yield tree


def run_tests(tree: Path, tests: Sequence[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run tests in a tree; return pytest's exit status (-1 if they hang) and what it printed."""
    chosen = ["-m", "quick or not faults"]  # a patch may name a test of `make faults-quick`
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rfE",
        "--tb=line",
        "-p",
        "no:cacheprovider",
        *chosen,
        *tests,
    ]
    try:
        done = subprocess.run(
            command,
            cwd=tree,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, f"not done after {LONGEST_RUN_S} s"
    return done.returncode, done.stdout + done.stderr


def unnoticed(sabotage: Sabotage, environment: dict[str, str]) -> list[str]:
    """Break a copy, run the tests, tell of those that did not fail. Raises SystemExit if it won't apply."""
    with copied_tree() as tree:
        applied = apply(sabotage, tree)
        if applied.returncode:
            raise SystemExit(f"{sabotage.path.name}: it doesn't apply any more.\n{applied.stderr}")
        _, told = run_tests(tree, sabotage.tests, environment)
    ends = {
        test: re.findall(rf"^(FAILED|ERROR) {re.escape(test)}\b", told, re.MULTILINE)
        for test in sabotage.tests
    }
    return [
        f"{'could not be run' if 'ERROR' in found else 'did not fail'}: {test}"
        for test, found in ends.items()
        if "FAILED" not in found
    ]


def sabotage_all(sabotages: Sequence[Sabotage], environment: dict[str, str]) -> int:
    """Run the untouched tree, then every break; return how many were not noticed."""
    tests = sorted({test for sabotage in sabotages for test in sabotage.tests})
    with copied_tree() as tree:
        status, told = run_tests(tree, tests, environment)
    if status:
        raise SystemExit(f"The tree is red before anything is broken:\n{told}")
    say(f"green  untouched: {len(tests)} tests")
    missed = 0
    for sabotage in sabotages:
        began = time.monotonic()
        green = unnoticed(sabotage, environment)
        took = f"{time.monotonic() - began:.0f} s"
        say(f"{'MISSED' if green else 'red   '} {sabotage.path.stem}: {sabotage.what} ({took})")
        for test in green:
            say(f"         {test}")
        missed += bool(green)
    return missed


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Check or run the patches that are named, or all; return the exit status."""
    names = [argument for argument in arguments if argument != "--check"]
    sabotages = [read_sabotage(path) for path in sorted(PATCHES.glob("*.patch"))]
    if unknown := set(names) - {sabotage.path.stem for sabotage in sabotages}:
        raise SystemExit(f"There is no {', '.join(sorted(unknown))}.")
    chosen = [sabotage for sabotage in sabotages if not names or sabotage.path.stem in names]
    faults = [fault for sabotage in chosen for fault in faults_of(sabotage)]
    if faults:
        raise SystemExit("\n".join(faults))
    if "--check" in arguments:
        say(f"{len(chosen)} patches apply.")
        return 0
    missed = 0
    for engine in ENGINES:
        of_engine = [sabotage for sabotage in chosen if sabotage.engine == engine]
        if of_engine:
            say(f"On {engine}:")
            missed += run_on(engine, of_engine)
    say("Every break was noticed." if not missed else f"{missed} breaks were not noticed.")
    return bool(missed)


def run_on(engine: str, sabotages: Sequence[Sabotage]) -> int:
    """Run breaks on a database of their own kind; return how many were not noticed."""
    if engine == "sqlite":
        return sabotage_all(sabotages, {"DATABASE_URL": "sqlite:///var/sabotage.sqlite3"})
    with on_postgresql() as environment:
        return sabotage_all(sabotages, environment)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
