"""Create alerts, the channels they go to, their deliveries, and the errors that breakers count."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import alerts.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0002_api_keys_and_idempotency"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("fill", "Fill"),
                            ("refusal", "Refused by the broker"),
                            ("halt", "Trading stopped"),
                            ("pause", "Paused"),
                            ("breach", "Guardrails left behind"),
                            ("quarantine", "Execution in quarantine"),
                            ("stale_feed", "Prices are stale"),
                            ("proposal", "Proposal waiting"),
                            ("check", "Check failed"),
                            ("heartbeat", "Worker is silent"),
                        ],
                        max_length=20,
                    ),
                ),
                ("position_id", models.UUIDField(null=True)),
                ("event_id", models.UUIDField(null=True, unique=True)),
                ("key", models.CharField(blank=True, default="", max_length=120)),
                ("label", models.CharField(max_length=160)),
                ("message", models.TextField()),
                ("at", models.DateTimeField()),
                ("is_replayed", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("cleared_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("seen_by", models.CharField(blank=True, default="", max_length=150)),
                ("routed_at", models.DateTimeField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to="accounts.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["tenant", "created_at"], name="alert_by_tenant"),
                    models.Index(fields=["position_id", "created_at"], name="alert_by_position"),
                    models.Index(
                        condition=models.Q(("is_replayed", False), ("routed_at__isnull", True)),
                        fields=["created_at"],
                        name="alert_to_route",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cleared_at__isnull", True), ("key__gt", "")),
                        fields=("kind", "key"),
                        name="alert_open_once_a_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "fill",
                                    "refusal",
                                    "halt",
                                    "pause",
                                    "breach",
                                    "quarantine",
                                    "stale_feed",
                                    "proposal",
                                    "check",
                                    "heartbeat",
                                ],
                            )
                        ),
                        name="alert_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("seen_at__isnull", True), ("seen_by", "")),
                            models.Q(("seen_at__isnull", False), ("seen_by__gt", "")),
                            _connector="OR",
                        ),
                        name="alert_seen_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AlertChannel",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "channel",
                    models.CharField(choices=[("email", "e-mail"), ("webhook", "webhook")], max_length=10),
                ),
                ("target", models.CharField(max_length=500)),
                ("kinds", models.JSONField(default=alerts.models.all_kinds)),
                ("is_active", models.BooleanField(default=True)),
                ("secret_number", models.PositiveIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_by", models.CharField(editable=False, max_length=150)),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alert_channels",
                        to="accounts.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "channel", "target"), name="alert_channel_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("tenant__isnull", True)),
                        fields=("channel", "target"),
                        name="alert_channel_once_of_operator",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["email", "webhook"])),
                        name="alert_channel_medium_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AlertDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "channel",
                    models.CharField(choices=[("email", "e-mail"), ("webhook", "webhook")], max_length=10),
                ),
                ("target", models.CharField(max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Sending"),
                            ("handed_over", "handed over"),
                            ("delivered", "Delivered"),
                            ("unclear", "Unclear"),
                            ("given_up", "given up"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_try_at", models.DateTimeField()),
                ("leased_until", models.DateTimeField(null=True)),
                ("token", models.PositiveIntegerField(default=0)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, default="", max_length=300)),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="alerts.alert",
                    ),
                ),
                (
                    "via",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="alerts.alertchannel",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "alert deliveries",
                "indexes": [models.Index(fields=["state", "next_try_at"], name="alert_delivery_by_state")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("alert", "channel", "target"), name="alert_sent_once_a_target"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["waiting", "sending", "handed_over", "delivered", "unclear", "given_up"],
                            )
                        ),
                        name="alert_delivery_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("delivered_at__isnull", False), ("state", "delivered")),
                            models.Q(
                                models.Q(("state", "delivered"), _negated=True),
                                ("delivered_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="alert_delivered_at_some_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Fault",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("broker", "error of a broker"), ("evaluation", "error of an evaluation")],
                        max_length=12,
                    ),
                ),
                ("subject", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "subject", "at"], name="fault_by_subject")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["broker", "evaluation"])), name="fault_kind_known"
                    )
                ],
            },
        ),
    ]
