"""Create the clock of the live replay."""

from decimal import Decimal

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("market", "0002_quotes_steps_and_breakers"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReplayClock",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("run", models.PositiveIntegerField(default=1)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("day", models.DateField()),
                ("at", models.DateTimeField()),
                ("pace_s", models.DecimalField(decimal_places=3, default=Decimal("1"), max_digits=9)),
                ("next_at", models.DateTimeField()),
                ("is_running", models.BooleanField(default=True)),
                ("is_finished", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="replay_clock_is_one"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("day__gte", models.F("first_day")), ("day__lte", models.F("last_day"))
                        ),
                        name="replay_day_in_span",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pace_s__gte", 0)), name="replay_pace_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_finished", False), ("is_running", False), _connector="OR"),
                        name="replay_finished_stands_still",
                    ),
                ],
            },
        ),
    ]
