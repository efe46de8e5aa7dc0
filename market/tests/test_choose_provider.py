from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from market.providers.registry import provider
from market.providers.replay import ReplayProvider
from market.providers.static import StaticProvider


def test_the_default_is_the_setting(settings: Settings) -> None:
    settings.MARKET_PROVIDER = "replay"
    assert isinstance(provider(), ReplayProvider)
    settings.MARKET_PROVIDER = "static"
    assert isinstance(provider(), StaticProvider)


def test_there_is_one_instance_of_each_name() -> None:
    assert provider("static") is provider("static")
    assert provider("static") is not provider("replay")


def test_many_threads_get_the_same_instance(settings: Settings) -> None:
    settings.MARKET_PROVIDERS = {"racing": "market.providers.replay.ReplayProvider"}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(provider, ["racing"] * 64))
    assert len({id(each) for each in found}) == 1


def test_a_third_party_can_add_one_by_its_path(settings: Settings) -> None:
    settings.MARKET_PROVIDERS = {"theirs": "market.providers.static.StaticProvider"}
    assert isinstance(provider("theirs"), StaticProvider)


def test_an_unknown_name_says_which_there_are(settings: Settings) -> None:
    settings.MARKET_PROVIDERS = {"replay": "a.B", "static": "c.D"}
    with pytest.raises(
        ImproperlyConfigured, match="There is no market provider 'nope'; there are replay, static"
    ):
        provider("nope")
