"""yfinance's own client, on a session that goes only where it may, for as long and as far as it may.

Importing this costs 1.6 s and 100 MB; only the provider does, when it first needs the network.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import yfinance
from curl_cffi.requests import Response, Session
from curl_cffi.requests.exceptions import ConnectionError as NoConnection
from curl_cffi.requests.exceptions import HTTPError, RequestException
from django.conf import settings
from django.utils import timezone
from yfinance.data import YfData
from yfinance.exceptions import YFException, YFRateLimitError

from accounts.transactions import unit_of_work
from market.breaker import Admission, admit, record_failure, record_success
from market.errors import BadData, FeedError, NoData, RateLimited, Unavailable

log = logging.getLogger(__name__)

DATA_PATHS = ("/v7/finance/quote", "/v8/finance/chart/")
CRUMB_PATH = "/v1/test/getcrumb"
SHORTEST_WAIT_S = 0.001
Jitter = Callable[[], float]


@dataclass(slots=True)
class Errand:
    """One question of ours, which may take several requests: until when, and who let it in."""

    ends_at: float
    admissions: dict[str, Admission] = field(default_factory=dict)

    def seconds_left(self) -> float:
        """Return the seconds left. Raises Unavailable if there are none."""
        left = self.ends_at - monotonic()
        if left < SHORTEST_WAIT_S:
            raise Unavailable(f"Yahoo took longer than {settings.FEED_TIMEOUT_S} s in all.")
        return left

    def admission(self, host: str) -> Admission:
        """Return leave to ask a host, the same throughout. Raises Unavailable without."""
        if host not in settings.YAHOO_HOSTS:
            raise Unavailable(f"{host} is none of the hosts in YAHOO_HOSTS.")
        if host not in self.admissions:
            self.admissions[host] = admit(host, at=timezone.now())
        return self.admissions[host]


_errand: ContextVar[Errand] = ContextVar("yahoo_errand")


class GuardedSession(Session[Response]):
    """A session that asks the breaker first, follows nobody elsewhere and stops reading at the limit."""

    def __init__(self, *, jitter: Jitter) -> None:
        super().__init__(impersonate="chrome")
        self._jitter = jitter

    def request(self, method: Any, url: str, **options: Any) -> Response:  # type: ignore[override]
        """Send one request of an errand.

        What goes wrong with data is raised as a FeedError at once: yfinance would ask again. Cookies and
        crumbs are worth having, not worth failing for: yfinance goes on when the connection fails.
        """
        parts = urlsplit(url)
        is_data = parts.path.startswith(DATA_PATHS)
        try:
            admission = _errand.get().admission(parts.hostname or "")
            response = self._send(admission, method, url, options)
            self._judge(admission, response, parts.path if is_data else "")
        except FeedError as error:
            if is_data:
                raise
            raise NoConnection(error.detail) from error
        if parts.path != CRUMB_PATH and response.status_code not in (401, 403):
            self._succeed(admission)
            # what fails after this is the first failure again
            _errand.get().admissions[admission.host] = replace(admission, failures=0)
        return response

    def _succeed(self, admission: Admission) -> None:
        if admission.failures:
            with unit_of_work():
                record_success(admission, at=timezone.now())

    def fail(self, admission: Admission) -> None:
        """Let all processes leave this host alone, and this errand too."""
        log.warning("feed_failed", extra={"host": admission.host, "failures": admission.failures + 1})
        with unit_of_work():
            record_failure(admission, at=timezone.now(), jitter=self._jitter())
        _errand.get().admissions.pop(admission.host, None)

    def _send(self, admission: Admission, method: Any, url: str, options: dict[str, Any]) -> Response:
        left = _errand.get().seconds_left()
        connect = min(settings.FEED_CONNECT_TIMEOUT_S, left)
        body = _Body(settings.FEED_MAX_BYTES)
        limits = {
            "timeout": (connect, left - connect),
            "allow_redirects": False,
            "content_callback": body.add,
        }
        try:
            response = super().request(method, _address(url), **{**options, **limits, **_headers(url)})
        except RequestException as error:
            self.fail(admission)
            raise Unavailable(f"{admission.host} gave no answer ({type(error).__name__}).") from error
        response.content = body.content()
        return response

    def _judge(self, admission: Admission, response: Response, data_path: str) -> None:
        """Raise what an answer's status says; 401 and 403 pass, so that yfinance fetches a new crumb once."""
        status, host = response.status_code, admission.host
        if status == 429 or status >= 500 or (data_path and 300 <= status < 400):
            self.fail(admission)
            family = RateLimited if status == 429 else Unavailable
            raise family(f"{host} answered {status}.")
        if not data_path or status in (401, 403):
            return
        if status >= 400:
            raise NoData(f"{host} answered {status} to {data_path}.")
        if not response.content.lstrip().startswith(b"{"):
            self.fail(admission)
            raise BadData(f"{host} answered with something that is not JSON.")


class YahooClient:
    """Fetches JSON from Yahoo by way of yfinance, which knows of cookies and crumbs."""

    def __init__(self, *, jitter: Jitter) -> None:
        yfinance.config.debug.hide_exceptions = False
        yfinance.set_tz_cache_location(str(settings.YAHOO_CACHE_DIR))
        self._session = GuardedSession(jitter=jitter)
        self._client = YfData(session=self._session)

    @contextmanager
    def errand(self) -> Iterator[None]:
        """Run the block as one question, which may take FEED_TIMEOUT_S seconds in all."""
        token = _errand.set(Errand(ends_at=monotonic() + settings.FEED_TIMEOUT_S))
        try:
            yield
        finally:
            _errand.reset(token)

    def json(self, url: str, params: dict[str, Any]) -> Any:
        """Fetch `url` inside an errand. Raises RateLimited, Unavailable, NoData or BadData."""
        try:
            return self._client.get_raw_json(url, params=params)
        except YFRateLimitError as error:
            raise RateLimited("Yahoo asked to be left alone.") from error
        except HTTPError as error:
            self._session.fail(_errand.get().admission(urlsplit(url).hostname or ""))
            raise Unavailable(f"Yahoo turned us away ({error}).") from error
        except (RequestException, YFException) as error:
            raise Unavailable(f"Yahoo gave no answer ({type(error).__name__}).") from error
        except ValueError as error:
            raise BadData("Yahoo's answer is not JSON.") from error


class _Body:
    """An answer as it comes in, refused once it is over the limit."""

    def __init__(self, most: int) -> None:
        self._chunks: list[bytes] = []
        self._left = most

    def add(self, chunk: bytes) -> int:
        self._left -= len(chunk)
        if self._left < 0:
            raise BadData(f"Yahoo's answer is over {settings.FEED_MAX_BYTES} bytes.")
        self._chunks.append(chunk)
        return len(chunk)

    def content(self) -> bytes:
        return b"".join(self._chunks)


def _address(url: str) -> str:
    """Return where a request really goes: to the host itself, or to the gateway that stands in for all."""
    if not settings.YAHOO_BASE_URL:
        return url
    parts = urlsplit(url)
    return f"{settings.YAHOO_BASE_URL.rstrip('/')}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def _headers(url: str) -> dict[str, Any]:
    """Tell a gateway which host was meant."""
    return {"headers": {"X-Forwarded-Host": urlsplit(url).netloc}} if settings.YAHOO_BASE_URL else {}
