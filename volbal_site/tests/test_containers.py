"""Dockerfile, compose.yaml and .dockerignore, as far as they can be tested without building an image."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dividends.tests.scratch import ROOT
from volbal_site.addresses import Address
from volbal_site.is_alive import host_to_ask_for, is_alive
from volbal_site.tests.running_site import free_port

pytestmark = pytest.mark.any_database

BIN = Path(sys.executable).parent
RULES = Path(__file__).with_name("compose_rules.json")
COMPOSE, DOCKERFILE, IGNORED = ROOT / "compose.yaml", ROOT / "Dockerfile", ROOT / ".dockerignore"
SCHEMAS = {
    "what compose knows": ("--builtin-schema", "vendor.compose-spec"),
    "ours": ("--schemafile", str(RULES)),
}


def said(*command: str | Path) -> tuple[bool, str]:
    """Run a checker; return whether it is content, and what it said."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def compose_check(schema: str, file: Path) -> tuple[bool, str]:
    return said(BIN / "check-jsonschema", *SCHEMAS[schema], file)


def broken(file: Path, folder: Path, old: str, new: str) -> Path:
    """Return a copy in which `old` is `new`."""
    text = file.read_text()
    assert old in text
    copy = folder / file.name
    copy.write_text(text.replace(old, new))
    return copy


@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_compose_file_is_well_formed(schema):
    is_well, text = compose_check(schema, COMPOSE)

    assert is_well, text


@pytest.mark.parametrize(
    ("schema", "old", "new"),
    [
        ("what compose knows", "restart: unless-stopped", "restart: [always]"),
        ("what compose knows", "healthcheck:", "health_check:"),
        ("ours", "restart: unless-stopped", "scale: 1"),
        ("ours", "healthcheck:", "x-healthcheck:"),
        ("ours", ":18.6-trixie", ":latest"),
        ("ours", "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD in .env}", "${POSTGRES_PASSWORD:-postgres}"),
        ("ours", "${SECRET_KEY:?set SECRET_KEY in .env}", "change-me"),
        ("ours", '"127.0.0.1:${PORT:-8000}:8000"', '"8000:8000"'),
        ("ours", "internal: true", "internal: false"),
        ("ours", "cap_drop: [ALL]", "privileged: true"),
    ],
)  # fmt: skip
def test_a_broken_one_is_noticed(tmp_path, schema, old, new):
    is_well, text = compose_check(schema, broken(COMPOSE, tmp_path, old, new))

    assert not is_well, text


def test_the_dockerfile_has_no_faults():
    is_well, text = said(BIN / "hadolint", "--failure-threshold", "style", DOCKERFILE)

    assert is_well, text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (":3.11.14-slim-bookworm", ""),
        (":3.11.14-slim-bookworm", ":latest"),
        ("COPY . /app", "ADD . /app"),
        ("WORKDIR /app", "RUN cd /app"),
        ('CMD ["python", "manage.py", "up", "--bind", "0.0.0.0:8000"]', "CMD python manage.py up"),
    ],
)
def test_a_broken_dockerfile_is_noticed(tmp_path, old, new):
    is_well, text = said(
        BIN / "hadolint", "--failure-threshold", "style", broken(DOCKERFILE, tmp_path, old, new)
    )

    assert not is_well, text


def test_the_image_runs_as_nobody_much_checks_itself_and_holds_no_secret():
    lines = DOCKERFILE.read_text().split("FROM ")[-1]

    assert re.search(r"^USER 10001$", lines, re.MULTILINE)
    assert "HEALTHCHECK" in lines
    assert "--require-hashes" in DOCKERFILE.read_text()
    assert not re.search(r"SECRET|PASSWORD|TOKEN|index-url|trusted-host|https?://", DOCKERFILE.read_text())


def ignored_names() -> list[str]:
    """Return what the image leaves out, wherever it lies: a little more than docker does."""
    lines = IGNORED.read_text().splitlines()
    return [line.removeprefix("**/") for line in lines if line and not line.startswith("#")]


def test_what_must_stay_outside_does():
    assert {".env", ".env.*", "var", ".git", ".venv", "*.sqlite3*"} <= set(ignored_names())


def test_the_program_runs_without_what_the_image_leaves_out(tmp_path):
    program = tmp_path / "app"
    shutil.copytree(ROOT, program, ignore=shutil.ignore_patterns(*ignored_names()))
    assert not list(program.rglob("tests"))

    for arguments in (
        ["manage.py", "check"],
        ["manage.py", "makemigrations", "--check", "--dry-run"],
        ["-c", "import volbal_site.wsgi"],
    ):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=program,
            env={"PATH": "", "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3", "PYTHONWARNINGS": "error"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), arguments


@pytest.mark.parametrize(
    ("allowed", "asked_for"),
    [
        (["volbal.test", "b"], "volbal.test"),
        ([".volbal.test"], "volbal.test"),
        (["*"], "localhost"),
        ([], "localhost"),
    ],
)
def test_the_health_check_asks_by_a_name_that_is_allowed(allowed, asked_for):
    assert host_to_ask_for(allowed) == asked_for


@pytest.mark.django_db(transaction=True)
def test_the_health_check_tells_alive_from_dead(live_server, settings):
    assert is_alive(Address("127.0.0.1", live_server.thread.port))
    settings.ALLOWED_HOSTS = ["volbal.test"]
    assert is_alive(Address("127.0.0.1", live_server.thread.port))
    assert not is_alive(Address("127.0.0.1", free_port()))


def test_it_runs_as_a_command():
    is_well, text = said(sys.executable, "-m", "volbal_site.is_alive", f"127.0.0.1:{free_port()}")

    assert (is_well, text) == (False, "")
