"""Alerts and channels for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Tenant
from accounts.transactions import Stamp, unit_of_work
from alerts.channels import open_channel
from alerts.delivery import deliver_alerts
from alerts.models import Alert, AlertChannel, AlertDelivery, AlertKind
from alerts.outbox import tell
from alerts.services import Subject, alert_about
from alerts.tests.receivers import Server

AT = datetime(2024, 1, 8, 16, 0, tzinfo=UTC)
STAMP = Stamp(at=AT, actor="tester", request_id="test")


def make_tenant(name: str = "t") -> Tenant:
    """Return the tenant of that name, made if there is none."""
    return Tenant.objects.get_or_create(name=name)[0]


def make_alert(kind: str = "halt", message: str = "Trading is halted: test", **about: object) -> Alert:
    """Write an alert about a tenant, by default about the one named "t"."""
    about.setdefault("tenant_id", make_tenant().pk)
    alert = alert_about(Subject(label="IBM #1", **about), kind=AlertKind(kind), message=message, at=AT)
    with unit_of_work():
        tell(alert)
    return alert


def make_channel(target: str = "a@example.com", **options: object) -> AlertChannel:
    """Open a channel of the tenant named "t" (or of `tenant_id`) for an e-mail address or a URL."""
    options.setdefault("tenant_id", make_tenant().pk)
    channel = "webhook" if "://" in target else "email"
    with unit_of_work():
        return open_channel(channel=channel, target=target, stamp=STAMP, **options)


def webhook_to(server: Server, path: str = "/hook", **options: object) -> AlertChannel:
    """Open a webhook to a receiver on this machine."""
    return make_channel(f"http://127.0.0.1:{server.port}{path}", **options)


def deliver(later: timedelta = timedelta(0), limit: int = 100) -> int:
    """Deliver as a worker would that much later."""
    return deliver_alerts(clock=lambda: timezone.now() + later, limit=limit)


def states() -> list[str]:
    """Return the state of every delivery, in the order of alerts and targets."""
    rows = AlertDelivery.objects.order_by("alert__created_at", "alert_id", "channel", "target")
    return list(rows.values_list("state", flat=True))


def only_delivery() -> AlertDelivery:
    """Return the one delivery there is."""
    return AlertDelivery.objects.select_related("alert", "via").get()


def use_mail_server(settings: pytest.FixtureRequest, server: Server) -> None:
    """Send e-mail through a server on this machine."""
    settings.EMAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.ALERT_EMAIL_FROM = "Volbal <alerts@volbal.test>"
