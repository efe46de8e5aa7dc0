"""Starting a process costs no second for packages that it may never use."""

import subprocess
import sys

import pytest

STARTED = """
import sys, django
django.setup()
import volbal_site.urls
from market.providers.registry import provider
assert provider("yfinance").latest_quotes([]) == {}
print(sorted({"yfinance", "pandas", "curl_cffi"} & set(sys.modules)))
"""


@pytest.mark.any_database
def test_neither_the_web_server_nor_the_provider_imports_yfinance_before_it_is_asked():
    environment = {"DJANGO_SETTINGS_MODULE": "volbal_site.settings", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", STARTED], env=environment, capture_output=True, text=True)

    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)
