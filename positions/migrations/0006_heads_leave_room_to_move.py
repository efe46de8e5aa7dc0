from django.db import migrations

TABLE = "positions_chainhead"


def leave_room(apps, schema_editor):
    """Leave a quarter of each page free on PostgreSQL, where a changed row is a new one.

    With room in its page it needs no new entry in the index. A tick may move all heads.
    """
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} SET (fillfactor = 75)")


def fill_up(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [
        ("positions", "0005_evaluations_stand_in_one_index_less"),
    ]

    operations = [migrations.RunPython(leave_room, fill_up)]
