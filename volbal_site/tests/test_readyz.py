"""`/v1/healthz` and `/v1/readyz`: alive without what is not needed, ready only with all of it."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from positions.guards import install_guards, remove_guards
from volbal_site.readiness import CHECKS
from volbal_site.tests.api_client import Api
from volbal_site.tests.away import database_away

WELL = {"status": "ok", "checks": dict.fromkeys(CHECKS, "ok")}


def failing(answer):
    """Return the names of the checks that an answer says have failed."""
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert int(answer["Retry-After"]) >= 1
    problem = answer.json()
    assert problem["type"].endswith("/problems/unavailable")
    names = [error["pointer"].removeprefix("/checks/") for error in problem["errors"]]
    assert all(name in problem["detail"] for name in names)
    return names


@contextmanager
def newest_unapplied(app):
    applied = MigrationRecorder(connection).migration_qs.filter(app=app).order_by("-name")[:1]
    row = applied.get()
    MigrationRecorder(connection).record_unapplied(app, row.name)
    yield
    row.save(force_insert=True)


@pytest.mark.django_db
def test_all_is_well():
    assert Api(None).get("/readyz").json() == WELL
    assert Api(None).get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_missing_guards_are_named():
    remove_guards()

    assert failing(Api(None).get("/readyz")) == ["guards"]
    assert Api(None).get("/healthz").status_code == 200

    install_guards()
    assert Api(None).get("/readyz").json() == WELL


@pytest.mark.django_db
def test_a_migration_that_waits_is_named():
    with newest_unapplied("accounts"):
        assert failing(Api(None).get("/readyz")) == ["migrations"]

    assert Api(None).get("/readyz").json() == WELL


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cache",
    [
        {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://:canary@127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 1},
        },
    ],
    ids=["keeps nothing", "is away"],
)
def test_a_cache_that_fails_is_named_and_nothing_of_it_is_told(settings, cache):
    settings.CACHES = {"default": cache}

    answer = Api(None).get("/readyz")

    assert failing(answer) == ["cache"]
    assert b"canary" not in answer.content
    assert Api(None).get("/healthz").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_without_a_database_it_is_not_even_alive():
    with database_away():
        alive, ready = Api(None).get("/healthz"), Api(None).get("/readyz")

    assert (alive.status_code, alive["Content-Type"]) == (503, "application/problem+json")
    assert {"database", "guards", "migrations"} <= set(failing(ready))
    assert str(settings.DATABASES["default"]["NAME"]) not in ready.text
    assert Api(None).get("/readyz").json() == WELL
