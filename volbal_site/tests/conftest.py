"""Web processes for the tests that race."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from alerts.tests.conftest import hooks, mails  # noqa: F401  receivers of alerts
from alerts.tests.test_worker_killed import workers  # noqa: F401  senders of alerts, to be killed
from positions.tests.builders import make_tenant
from volbal_site.tests.web_processes import caller, web_processes, working_on


@pytest.fixture(scope="session")
def _started(migrated, tmp_path_factory, django_db_blocker):
    with ExitStack() as stack:
        with django_db_blocker.unblock():
            web = stack.enter_context(web_processes(tmp_path_factory.mktemp("web"), migrated))
        yield web


@pytest.fixture
def web(_started, django_db_blocker):
    """Web processes that all tests share; the test's own connection works on their database."""
    with django_db_blocker.unblock(), working_on(_started.scratch):
        yield _started


@pytest.fixture
def tenant(web, request):
    """Return a tenant of this test's own."""
    return make_tenant(request.node.nodeid[-150:])


@pytest.fixture
def call(web, tenant):
    """Call the web processes as that tenant."""
    return caller(web, tenant)
