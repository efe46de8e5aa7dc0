from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from volbal_site.secret_key import refuse_weak_production, secret_key

GOOD = "k9-Zq3_wT7yLm2Vb8xRc5NdF1gHj4SaP"


def test_an_installation_makes_its_own_key_once(tmp_path: Path) -> None:
    first = secret_key("", tmp_path / "var")

    assert len(first) >= 48
    assert secret_key("", tmp_path / "var") == first
    assert secret_key("", tmp_path / "other") != first


def test_only_its_owner_reads_the_key_and_no_draft_stays(tmp_path: Path) -> None:
    secret_key("", tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_given_key_is_used(tmp_path: Path) -> None:
    assert secret_key(GOOD, tmp_path) == GOOD
    assert list(tmp_path.iterdir()) == []


@pytest.mark.lesson
@pytest.mark.parametrize("weak", ["", "secret", "x" * 64, GOOD[:31]])
def test_production_is_not_served_with_a_missing_or_weak_key(weak: str) -> None:
    """ "a default signing secret was accepted" """
    with pytest.raises(ImproperlyConfigured, match="32 random"):
        refuse_weak_production(given_key=weak, embedded=False, debug=False)


def test_production_is_not_served_with_debug() -> None:
    with pytest.raises(ImproperlyConfigured, match="DEBUG"):
        refuse_weak_production(given_key=GOOD, embedded=False, debug=True)


@pytest.mark.parametrize(("key", "embedded"), [(GOOD, False), ("", True)])
def test_the_rest_is_served(key: str, embedded: bool) -> None:
    refuse_weak_production(given_key=key, embedded=embedded, debug=False)
