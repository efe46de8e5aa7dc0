"""Create the bars."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Bar",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ticker", models.CharField(max_length=12)),
                ("date", models.DateField()),
                ("open", models.DecimalField(decimal_places=6, max_digits=15)),
                ("high", models.DecimalField(decimal_places=6, max_digits=15)),
                ("low", models.DecimalField(decimal_places=6, max_digits=15)),
                ("close", models.DecimalField(decimal_places=6, max_digits=15)),
                ("volume", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("ticker", "date"), name="bar_once_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("close__gt", 0), ("high__gt", 0), ("low__gt", 0), ("open__gt", 0)
                        ),
                        name="bar_prices_above_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("high__gte", models.F("low"))), name="bar_high_not_below_low"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("volume__gte", 0)), name="bar_volume_not_negative"
                    ),
                ],
            },
        ),
    ]
