"""Let the splits and dividends that are stored already explain steps of prices."""

from django.db import migrations


def tell(apps, schema_editor):
    known = apps.get_model("market", "KnownStep")
    splits = apps.get_model("dividends", "Split").objects.values_list(
        "owner", "ticker", "date", "new_shares", "old_shares"
    )
    dividends = apps.get_model("dividends", "Dividend").objects.values_list(
        "owner", "ticker", "ex_date", "dps"
    )
    known.objects.bulk_create(
        known(owner_id=owner, ticker=ticker, date=day, new_shares=new, old_shares=old)
        for owner, ticker, day, new, old in splits
    )
    known.objects.bulk_create(
        known(owner_id=owner, ticker=ticker, date=day, dps=dps) for owner, ticker, day, dps in dividends
    )


def forget(apps, schema_editor):
    apps.get_model("market", "KnownStep").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("dividends", "0001_corporate_actions"),
        ("market", "0002_quotes_steps_and_breakers"),
    ]

    operations = [migrations.RunPython(tell, forget)]
