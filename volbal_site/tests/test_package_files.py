"""Static files of packages: those that are named, as they were looked at, and no others."""

from __future__ import annotations

import hashlib
import sys

import pytest
from django.contrib.staticfiles.finders import find

from volbal_site.package_files import FILES

# TradingView's own release of lightweight-charts 5.2.0, as npm has it.
CHARTS = "c0992580867c4912cc9385b3c2728315bcc1a76c7f1087dca908430fccdf31d7"


def test_the_charts_are_tradingviews_to_the_byte_and_found_without_importing_their_carrier():
    with open(find("vendor/lightweight-charts.js"), "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == CHARTS
    assert "lwcharts" not in sys.modules


@pytest.mark.django_db  # what closes an answer looks at the connection that other tests left open
@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_is_named_is_served(client, name):
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 200
    answer.close()


@pytest.mark.parametrize(
    "name",
    [
        "django_htmx/htmx-4.js",
        "ninja/redoc.standalone.js",
        "mfa/js/webauthn.js",
        "vendor/pandas.js",
        "admin/",
    ],
)
def test_other_files_of_packages_are_not(client, name):
    assert client.get(f"/static/{name}").status_code == 404
