"""Create what is remembered of quotes, the steps that explain them, and the breakers of the hosts."""

from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_keys_and_idempotency"),
        ("market", "0001_bars"),
    ]

    operations = [
        migrations.CreateModel(
            name="HostBreaker",
            fields=[
                ("host", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("open_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Quote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=40)),
                ("ticker", models.CharField(max_length=12)),
                ("price", models.DecimalField(decimal_places=6, max_digits=15, null=True)),
                ("as_of", models.DateTimeField(null=True)),
                ("is_real", models.BooleanField()),
                ("fetched_at", models.DateTimeField()),
                ("doubt_price", models.DecimalField(decimal_places=6, max_digits=15, null=True)),
                ("doubt_as_of", models.DateTimeField(null=True)),
                ("doubt_gate", models.CharField(blank=True, default="", max_length=20)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "ticker"), name="quote_once_per_provider"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("as_of__isnull", True), ("price__isnull", True)),
                            models.Q(("as_of__isnull", False), ("price__gt", 0)),
                            _connector="OR",
                        ),
                        name="quote_price_above_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("doubt_as_of__isnull", True),
                                ("doubt_gate", ""),
                                ("doubt_price__isnull", True),
                            ),
                            models.Q(
                                ("doubt_as_of__isnull", False),
                                ("doubt_gate__in", ["outlier_quote", "split_suspected"]),
                                ("doubt_price__gt", 0),
                            ),
                            _connector="OR",
                        ),
                        name="quote_doubt_whole_or_none",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ticker", models.CharField(max_length=12)),
                ("date", models.DateField()),
                ("new_shares", models.PositiveIntegerField(default=1)),
                ("old_shares", models.PositiveIntegerField(default=1)),
                ("dps", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=15)),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["ticker", "date"], name="step_by_date")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("new_shares__gt", 0), ("old_shares__gt", 0)),
                        name="step_ratio_above_zero",
                    ),
                    models.CheckConstraint(condition=models.Q(("dps__gte", 0)), name="step_dps_not_negative"),
                ],
            },
        ),
    ]
