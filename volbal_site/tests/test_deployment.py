"""With the settings of a production everything is shut that can be shut, and what isn't fit is refused."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client

from dividends.tests.scratch import ROOT, scratch_database
from orders.real_money import unreal_data_faults
from orders.tests.scripted_broker import NAME, scripted
from positions.models import Position
from positions.tests.builders import make_position, make_tenant
from volbal_site.addresses import is_loopback
from volbal_site.checks import check_exposure, check_metrics_token, check_real_money
from volbal_site.tests.api_client import Api, make_key
from volbal_site.tests.running_site import free_port, start_up

PRODUCTION = {
    "DATABASE_URL": "postgres://volbal:nobody-asks@127.0.0.1:1/volbal",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "ab1" * 20 + "cdefghijkl",
    "ALLOWED_HOSTS": "volbal.test",
    "BIND": "0.0.0.0:8000",
    "METRICS_TOKEN": "m" * 32,
    "MARKET_PROVIDER": "yfinance",
    "WEB_PROCESSES": "2",
}
REAL = "orders.tests.scripted_broker.RealBroker"
PYTHON = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def check(**changes):
    """Run the deployment checks as a production would; return status and what was said."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "DEBUG"],
        cwd=ROOT,
        env={**PYTHON, "PYTHONWARNINGS": "error", **PRODUCTION, **changes},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_production_passes_every_check_without_a_warning():
    status, said = check()

    assert (status, said) == (0, "System check identified no issues (1 silenced).\n")


@pytest.mark.faults
@pytest.mark.quick
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"DEBUG": "true"}, "security.W018"),
        ({"SECRET_KEY": "weak"}, "security.W009"),
        ({"HTTPS_ONLY": "false"}, "security.W008"),
        ({"HSTS_SECONDS": "0"}, "security.W004"),
        ({"ALLOWED_HOSTS": "*"}, "volbal.W002"),
        ({"REDIS_URL": ""}, "volbal.W003"),
        ({"METRICS_TOKEN": "short"}, "volbal.E005"),
    ],
)
def test_what_is_not_fit_is_named(changes, found):
    status, said = check(**changes)

    assert status == 1
    assert found in said


@pytest.fixture
def only_https(settings):
    """The settings of a site that others reach, behind its proxy."""
    settings.HTTPS_ONLY = settings.SECURE_SSL_REDIRECT = settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_REDIRECT_EXEMPT = [r"^v1/", r"^metrics$"]


THROUGH_PROXY = {"X-Forwarded-Proto": "https"}


@pytest.mark.django_db
def test_a_page_without_tls_is_redirected_and_a_call_is_refused(only_https):
    api = Api(make_key(make_tenant("ann")))

    assert Client().get("/admin/login/")["Location"] == "https://testserver/admin/login/"
    refused = api.get("/positions")
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (403, "forbidden")
    assert api.call("GET", "/positions", **{"X_Forwarded_Proto": "https"}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_what_says_how_things_are_is_asked_from_inside_without_it(only_https, path):
    assert Api(None).get(path).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/admin/login/", "/v1/positions", "/v1/nowhere", "/v1/healthz", "/problems/", "/metrics", "/no"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_answer_has_the_headers_that_keep_browsers_from_harm(only_https, path, method):
    answer = Client().generic(method, path, "x" * 70_000, content_type="text/plain", headers=THROUGH_PROXY)

    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/positions", "/healthz", "/nowhere", "/exports/trades.csv"])
def test_no_cache_keeps_what_the_api_answers(path):
    answer = Api(make_key(make_tenant("ann"))).get(path)
    b"".join(answer)

    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("address", "is_so"),
    [
        ("127.0.0.1:8000", True),
        ("127.1.2.3:1", True),
        ("localhost:8000", True),
        ("[::1]:8000", True),
        ("0.0.0.0:8000", False),
        ("[::]:8000", False),
        ("192.168.0.7:80", False),
    ],
)
def test_who_is_reached_from_other_machines(address, is_so):
    assert is_loopback(address) is is_so


@pytest.mark.django_db
def test_a_real_broker_with_data_that_is_not_is_named(settings):
    make_position()
    with scripted(settings, is_real=True):
        assert unreal_data_faults() == []
        cell = make_position(broker=NAME)

        assert unreal_data_faults() == [f"the broker {NAME} is real and the prices of static are not"]
        assert [fault.id for fault in check_real_money(databases=["default"])] == ["volbal.E004"]
        assert check_real_money() == []
        with pytest.raises(SystemCheckError, match=r"E004"):
            call_command("check", databases=["default"], deploy=True)

        Position.objects.filter(pk=cell.pk).update(market_provider="yfinance")
        assert unreal_data_faults() == []
        Position.objects.filter(pk=cell.pk).update(market_provider="static", status="closed")
        assert unreal_data_faults() == []


@pytest.mark.django_db
def test_a_broker_or_a_provider_that_is_gone_is_named(settings):
    with scripted(settings, is_real=True):
        make_position(broker=NAME, market_provider="gone")

        (fault,) = unreal_data_faults()
        assert "gone" in fault


@pytest.mark.faults
@pytest.mark.quick
def test_nothing_is_started_where_real_money_would_meet_data_that_is_not(migrated, tmp_path):
    with scratch_database(tmp_path, migrated) as scratch:
        scratch.told("replay", "IBM", "--to", "2000-03-01")
        scratch.change("UPDATE positions_position SET broker = 'real'")
        said = tmp_path / "said"
        with start_up(scratch, free_port(), said, BROKERS=f"real={REAL}") as up:
            assert up.wait(60) == 1
        assert said.read_text() == (
            "CommandError: Nothing is traded for real like this:"
            " the broker real is real and the prices of replay are not.\n"
        )


def test_the_settings_of_a_desk_are_fine_on_a_desk(settings):
    settings.METRICS_TOKEN = ""

    assert check_metrics_token() == []
    assert check_exposure() == []
