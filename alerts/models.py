"""What a person should hear of, whom it is sent to, and how far that has come."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Tenant


class AlertKind(models.TextChoices):
    """What alerts are about; docs/operations.md says what each means and what to do."""

    FILL = "fill", "Fill"
    REFUSAL = "refusal", "Refused by the broker"
    HALT = "halt", "Trading stopped"
    PAUSE = "pause", "Paused"
    BREACH = "breach", "Guardrails left behind"
    QUARANTINE = "quarantine", "Execution in quarantine"
    STALE_FEED = "stale_feed", "Prices are stale"
    PROPOSAL = "proposal", "Proposal waiting"
    CHECK = "check", "Check failed"
    HEARTBEAT = "heartbeat", "Worker is silent"


# News is told and done with; everything else waits for somebody.
NEWS = frozenset({AlertKind.FILL})


def all_kinds() -> list[str]:
    """Return every kind, what a new channel is sent."""
    return [str(kind) for kind in AlertKind.values]


class AlertQuerySet(models.QuerySet["Alert"]):
    """Reads, named for who asks."""

    def visible_to(self, tenant_id: uuid.UUID) -> AlertQuerySet:
        """The tenant's own, and those that are about everyone."""
        return self.filter(Q(tenant_id=tenant_id) | Q(tenant=None))

    def waiting(self) -> AlertQuerySet:
        """Those that nobody has seen and that are not over: what a page puts before a person."""
        kinds = sorted(set(AlertKind.values) - NEWS)  # named, so that the index leads to them past all news
        return self.filter(seen_at=None, cleared_at=None, kind__in=kinds)

    def unrouted(self) -> AlertQuerySet:
        """Those not yet handed to the channels."""
        return self.filter(routed_at=None, is_replayed=False)


class Alert(models.Model):
    """One thing that a person should hear of, written in the transaction that it tells of.

    It comes of an event (`event_id`, one alert at most), or of a state that lasts (`key`): of those one is
    open per kind and key, until it is cleared. `label` names what it is about; without a tenant that is
    everyone. `at` is the time told of, `created_at` the wall clock. What happened on replayed history is
    shown and never sent. The ids are values: this room knows nothing of positions and events.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=AlertKind.choices)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, related_name="alerts")
    position_id = models.UUIDField(null=True)
    event_id = models.UUIDField(null=True, unique=True)
    key = models.CharField(max_length=120, blank=True, default="")
    label = models.CharField(max_length=160)
    message = models.TextField()
    at = models.DateTimeField()
    is_replayed = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    cleared_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=150, blank=True, default="")
    routed_at = models.DateTimeField(null=True)

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=Q(key__gt="", cleared_at__isnull=True),
                name="alert_open_once_a_key",
            ),
            models.CheckConstraint(condition=Q(kind__in=AlertKind.values), name="alert_kind_known"),
            models.CheckConstraint(
                condition=Q(seen_at__isnull=True, seen_by="") | Q(seen_at__isnull=False, seen_by__gt=""),
                name="alert_seen_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "created_at"], name="alert_by_tenant"),
            models.Index(fields=["tenant", "kind", "created_at"], name="alert_by_kind"),
            models.Index(fields=["position_id", "created_at"], name="alert_by_position"),
            models.Index(
                fields=["created_at"],
                condition=Q(routed_at__isnull=True, is_replayed=False),
                name="alert_to_route",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """One line: what kind, and about what."""
        return f"{AlertKind(self.kind).label}: {self.label}"


class Medium(models.TextChoices):
    """How alerts leave the house."""

    EMAIL = "email", "e-mail"
    WEBHOOK = "webhook", "webhook"


class AlertChannel(models.Model):
    """Where some kinds of alerts are sent: a tenant's address, or without a tenant the operator's.

    A tenant's is sent the tenant's alerts and those about everyone, the operator's only the latter.
    `secret_number` goes into the secret that signs a webhook; another number is another secret.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="alert_channels"
    )
    channel = models.CharField(max_length=10, choices=Medium.choices)
    target = models.CharField(max_length=500)
    kinds = models.JSONField(default=all_kinds)
    is_active = models.BooleanField(default=True)
    secret_number = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_by = models.CharField(max_length=150, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "channel", "target"], name="alert_channel_once"),
            models.UniqueConstraint(
                fields=["channel", "target"],
                condition=Q(tenant__isnull=True),
                name="alert_channel_once_of_operator",
            ),
            models.CheckConstraint(condition=Q(channel__in=Medium.values), name="alert_channel_medium_known"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} of {self.tenant or 'the operator'}"


class DeliveryState(models.TextChoices):
    """How far one alert has come on its way to one target.

    `waiting` and `sending` have left nothing behind; from `handed_over` on it may have arrived, and only a
    clear refusal leads back.
    """

    WAITING = "waiting"
    SENDING = "sending"
    HANDED_OVER = "handed_over", "handed over"
    DELIVERED = "delivered"
    UNCLEAR = "unclear"
    GIVEN_UP = "given_up", "given up"


class DeliveryQuerySet(models.QuerySet["AlertDelivery"]):
    """Reads, named for what a worker looks for."""

    def due(self, at: datetime) -> DeliveryQuerySet:
        """What can be sent now: its time has come, or its worker died before anything was handed over."""
        return self.filter(
            Q(state=DeliveryState.WAITING, next_try_at__lte=at)
            | Q(state=DeliveryState.SENDING, leased_until__lte=at),
            via__is_active=True,
        )

    def abandoned(self, at: datetime) -> DeliveryQuerySet:
        """What was handed over by a worker that then fell silent."""
        return self.filter(state=DeliveryState.HANDED_OVER, leased_until__lte=at)


class AlertDelivery(models.Model):
    """One alert on its way to one target. `token` counts who took it on: only the last one's news counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    via = models.ForeignKey(AlertChannel, on_delete=models.SET_NULL, null=True, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=Medium.choices)
    target = models.CharField(max_length=500)
    state = models.CharField(max_length=12, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    token = models.PositiveIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True, default="")

    objects: ClassVar[DeliveryQuerySet] = DeliveryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "alert deliveries"
        constraints = [
            models.UniqueConstraint(fields=["alert", "channel", "target"], name="alert_sent_once_a_target"),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values), name="alert_delivery_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.DELIVERED, delivered_at__isnull=False)
                | (~Q(state=DeliveryState.DELIVERED) & Q(delivered_at__isnull=True)),
                name="alert_delivered_at_some_time",
            ),
        ]
        indexes = [models.Index(fields=["state", "next_try_at"], name="alert_delivery_by_state")]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class FaultKind(models.TextChoices):
    """Errors that breakers count."""

    BROKER = "broker", "error of a broker"
    EVALUATION = "evaluation", "error of an evaluation"


class Fault(models.Model):
    """One error, kept for a day to be counted. `subject` is whose: a position, a broker and its tenant."""

    kind = models.CharField(max_length=12, choices=FaultKind.choices)
    subject = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FaultKind.values), name="fault_kind_known")
        ]
        indexes = [models.Index(fields=["kind", "subject", "at"], name="fault_by_subject")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Pulse(models.Model):
    """When something that goes on by itself was last known to be alive: one row a kind."""

    kind = models.CharField(primary_key=True, max_length=40)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M:%S} UTC"
