import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_invitations"),
        ("orders", "0004_ticks_and_watches"),
        ("positions", "0002_drop_repeated_indexes_of_events"),
    ]

    operations = [
        migrations.CreateModel(
            name="BrokerConnection",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("broker", models.CharField(max_length=40)),
                (
                    "environment",
                    models.CharField(choices=[("paper", "paper"), ("live", "live")], max_length=10),
                ),
                ("account_number", models.CharField(max_length=64)),
                ("credentials", models.TextField(blank=True)),
                ("connected_at", models.DateTimeField()),
                ("connected_by", models.CharField(max_length=150)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("confirmed_by", models.CharField(blank=True, default="", max_length=150)),
                ("disconnected_at", models.DateTimeField(blank=True, null=True)),
                ("disconnected_by", models.CharField(blank=True, default="", max_length=150)),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                ("seen_cash", models.CharField(blank=True, default="", max_length=32)),
                ("seen_shares", models.JSONField(blank=True, default=dict)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="brokerdifference",
            name="difference_found_once_while_open",
        ),
        migrations.AddField(
            model_name="brokerdifference",
            name="account",
            field=models.CharField(blank=True, default="", max_length=36),
        ),
        migrations.AddConstraint(
            model_name="brokerdifference",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at__isnull", True)),
                fields=("broker", "account", "kind", "subject"),
                name="difference_found_once_while_open",
            ),
        ),
        migrations.AddField(
            model_name="brokerconnection",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="brokerconnection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("disconnected_at__isnull", True)),
                fields=("tenant", "broker"),
                name="connection_one_a_tenant_and_broker",
            ),
        ),
        migrations.AddConstraint(
            model_name="brokerconnection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("disconnected_at__isnull", True)),
                fields=("broker", "environment", "account_number"),
                name="connection_one_an_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="brokerconnection",
            constraint=models.CheckConstraint(
                condition=models.Q(("environment__in", ["paper", "live"])),
                name="connection_environment_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="brokerconnection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("disconnected_at__isnull", True),
                        ("disconnected_by", ""),
                        models.Q(("credentials", ""), _negated=True),
                    ),
                    models.Q(
                        ("credentials", ""),
                        ("disconnected_at__isnull", False),
                        models.Q(("disconnected_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="connection_login_ends_with_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="brokerconnection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", True), ("confirmed_by", "")),
                    models.Q(("confirmed_at__isnull", False), models.Q(("confirmed_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="connection_confirmed_by_someone",
            ),
        ),
    ]
