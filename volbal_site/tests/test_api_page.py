"""`docs/api.md` is true: every command works as it is printed, and is answered what is printed below it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass

import pytest

from dividends.tests.scratch import ROOT, scratch_database
from volbal_site.tests.running_site import running_site

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "127.0.0.1:8000"
PYTHON = ".venv/bin/python"
# What is shown of an id or a hash, of a time, and in place of any number of lines.
PLACEHOLDER = re.compile(
    r"(?P<id>\b[0-9a-f]{4}…)|(?P<time>\b\d{4}-\d\d-\d\dT…)|(?P<lines>^…\n)", re.MULTILINE
)
ID, TIME, LINES = r"[0-9a-f]+(?:-[0-9a-f]+)*", r"\d{4}-\d\d-\d\dT[\d:.]+Z", r"(?:.*\n)*?"


@dataclass(frozen=True, slots=True)
class Step:
    """A command as printed, and what is printed below it."""

    command: str
    answer: str


def steps_of(page: str) -> list[Step]:
    """Return all commands of the page in order; one that ends in a backslash goes on in the next line."""
    steps = []
    for block in BLOCK.findall(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command = re.match(r"(?:.*\\\n)*.*\n", part)[0]
            steps.append(Step(command.rstrip("\n"), part[len(command) :]))
    return steps


def pattern_of(answer: str, known: dict[str, str]) -> re.Pattern[str]:
    """Make a pattern of a printed answer. The same placeholder of an id is the same id everywhere."""
    pattern, end, new = "", 0, set()
    for match in PLACEHOLDER.finditer(answer):
        pattern += re.escape(answer[end : match.start()])
        end = match.end()
        if match["id"]:
            name = f"id_{match['id'][:4]}"
            if name in known:
                pattern += re.escape(known[name])
            else:
                pattern += f"(?P={name})" if name in new else f"(?P<{name}>{ID})"
                new.add(name)
        else:
            pattern += TIME if match["time"] else LINES
    return re.compile(pattern + re.escape(answer[end:]))


def answers_to(commands: list[str], **environment: str) -> list[str]:
    """Run the commands in one bash, as a reader would, and return what each of them printed."""
    script = "".join(f"printf '\\n== {n}\\n'\n{command}\n" for n, command in enumerate(commands))
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return re.split(r"\n== \d+\n", done.stdout)[1:]


@pytest.mark.faults
@pytest.mark.quick
def test_every_command_of_the_page_is_answered_as_it_says(tmp_path):
    first, *steps = steps_of((ROOT / "docs" / "api.md").read_text())
    assert first.command == f"{PYTHON} manage.py up"
    with scratch_database(tmp_path) as scratch, running_site(scratch, tmp_path) as site:
        here = f"127.0.0.1:{site.port}"
        assert site.said.read_text() == first.answer.replace(ADDRESS, here)

        commands = [step.command.replace(ADDRESS, here).replace(PYTHON, sys.executable) for step in steps]
        answers = answers_to(commands, DATABASE_URL=scratch.url, TMPDIR=str(tmp_path))

    assert len(answers) == len(steps) > 20
    known: dict[str, str] = {}
    for step, answer in zip(steps, answers, strict=True):
        # Not every answer ends its line.
        shown = step.answer.replace(ADDRESS, here).rstrip("\n")
        match = pattern_of(shown, known).fullmatch(answer.rstrip("\n"))
        assert match, f"$ {step.command}\n{answer}\ninstead of\n{step.answer}"
        known |= match.groupdict()
    assert len(set(known.values())) == len(known) > 5


def test_a_placeholder_stands_for_one_value_and_for_nothing_else():
    pattern = pattern_of('"id": "5f0c…", "again": "x-5f0c…"\n…\n}\n', {})

    assert pattern.fullmatch('"id": "ab-12", "again": "x-ab-12"\nmore\nmore\n}\n')
    assert pattern.fullmatch('"id": "ab-12", "again": "x-ab-12"\n}\n')
    assert not pattern.fullmatch('"id": "ab-12", "again": "x-ab-13"\n}\n')
    assert not pattern.fullmatch('"id": "", "again": "x-"\n}\n')
    assert not pattern_of("5f0c…\n", {"id_5f0c": "ab-12"}).fullmatch("ab-13\n")
