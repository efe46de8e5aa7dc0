from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    """Give every order the tenant of its position."""
    position = apps.get_model("positions", "Position").objects.filter(pk=OuterRef("position_id"))
    orders = apps.get_model("orders", "Order").objects.filter(tenant=None)
    orders.update(tenant=Subquery(position.values("tenant_id")))


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_orders_have_a_tenant")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
