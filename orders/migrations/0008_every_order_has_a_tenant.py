import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_fill_tenants_of_orders")]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.tenant",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["tenant", "-created_at", "-id"], name="order_newest_of_tenant"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["tenant", "status"], name="order_by_tenant_status"),
        ),
    ]
