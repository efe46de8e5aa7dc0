"""The patches of `make sabotage` fit the code as it is."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from dividends.tests.scratch import ROOT


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the patches")
def test_every_patch_applies_and_names_tests_that_exist():
    check = [sys.executable, "tools/sabotage.py", "--check"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(" patches apply.\n")
