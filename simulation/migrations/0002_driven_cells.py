"""Create what the live replay keeps of each cell."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("positions", "0001_positions_events_journal"),
        ("simulation", "0001_replay_runs"),
    ]

    operations = [
        migrations.CreateModel(
            name="DrivenCell",
            fields=[
                (
                    "position",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="driven",
                        serialize=False,
                        to="positions.position",
                    ),
                ),
                ("run", models.PositiveIntegerField()),
                ("done_date", models.DateField()),
            ],
            options={
                "indexes": [models.Index(fields=["run", "done_date"], name="driven_by_day")],
            },
        ),
    ]
