"""`python -m volbal_site.is_alive HOST:PORT`: ends with 0 if the site there is alive, else with 1.

What a container's health check runs; the image has no curl.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException

from django.conf import settings

from volbal_site.addresses import Address, read_address

PATIENCE_S = 4


def is_alive(address: Address) -> bool:
    """Ask `/v1/healthz` by a name that the site answers to."""
    link = HTTPConnection(address.host, address.port, timeout=PATIENCE_S)
    try:
        link.request("GET", "/v1/healthz", headers={"Host": host_to_ask_for(settings.ALLOWED_HOSTS)})
        return link.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        link.close()


def host_to_ask_for(allowed: Sequence[str]) -> str:
    """Return a name that is among those allowed, which may be written with wildcards."""
    first = allowed[0] if allowed else "localhost"
    return "localhost" if first == "*" else first.removeprefix(".")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "volbal_site.settings")
    sys.exit(0 if is_alive(read_address(sys.argv[1])) else 1)
