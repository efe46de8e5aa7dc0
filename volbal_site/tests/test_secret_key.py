from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from volbal_site.secret_key import secret_key

GOOD = "k9-Zq3_wT7yLm2Vb8xRc5NdF1gHj4SaP"


def test_an_embedded_installation_makes_its_own_key_once(tmp_path: Path) -> None:
    first = secret_key("", embedded=True, folder=tmp_path / "var")

    assert len(first) >= 48
    assert secret_key("", embedded=True, folder=tmp_path / "var") == first
    assert secret_key("", embedded=True, folder=tmp_path / "other") != first


def test_only_its_owner_reads_the_key_and_no_draft_stays(tmp_path: Path) -> None:
    secret_key("", embedded=True, folder=tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_given_key_is_used(tmp_path: Path) -> None:
    assert secret_key(GOOD, embedded=True, folder=tmp_path) == GOOD
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("weak", ["secret", "x" * 64, GOOD[:31]])
def test_a_weak_key_is_refused(weak: str, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="32 random"):
        secret_key(weak, embedded=False, folder=tmp_path)


@pytest.mark.lesson
def test_a_server_without_a_key_does_not_start(tmp_path: Path) -> None:
    """ "a default signing secret was accepted" """
    with pytest.raises(ImproperlyConfigured, match="must be set"):
        secret_key("", embedded=False, folder=tmp_path)
