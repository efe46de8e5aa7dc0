"""`.env.example` names every setting that is read from the environment, and no other."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def test_every_setting_from_the_environment_is_in_the_example_and_no_other():
    read = re.findall(r"\benv(?:\.\w+)?\(\s*\"(\w+)\"", (ROOT / "volbal_site" / "settings.py").read_text())
    shown = re.findall(r"^#?([A-Z][A-Z_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert len(read) > 5
    assert sorted(set(read)) == sorted(shown)


def test_every_setting_in_the_example_is_explained_above_it():
    for part in (ROOT / ".env.example").read_text().strip().split("\n\n"):
        assert part.startswith("# "), part
