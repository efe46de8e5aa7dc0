"""Fill an empty database for `bench/api.py`: cells of one tenant, and a key for every client.

Prints JSON: {"keys": [...], "positions": [...]}. Needs DATABASE_URL.
"""

from __future__ import annotations

import json
import os
import sys
from decimal import Decimal
from pathlib import Path

import django
from django.core.management import call_command

sys.path.insert(0, str(Path.cwd()))  # the checkout that is measured
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "volbal_site.settings")
POSITIONS = 1_000
KEYS = 32


def main() -> None:
    """Migrate, open the cells and print what a client needs."""
    django.setup()
    call_command("migrate", verbosity=0)
    print(json.dumps(seeded()))


def seeded() -> dict[str, list[str]]:
    """Open the cells: 100 shares at an anchor of 100, as much cash, any number of orders a day."""
    from django.utils import timezone

    from accounts.api_keys import create_api_key
    from accounts.models import Tenant
    from accounts.transactions import Stamp, unit_of_work
    from configs.services import change_config
    from positions.services import open_position

    stamp = Stamp(at=timezone.now(), actor="bench")
    with unit_of_work():
        tenant = Tenant.objects.create(name="bench")
        values: dict[str, object] = {"max_orders_per_day": "none"}
        change_config(group="guardrail", scope="TENANT", tenant_id=tenant.pk, values=values, stamp=stamp)
        keys = [
            create_api_key(tenant_id=tenant.pk, scopes=["read", "trade"], name="", stamp=stamp)[1]
            for _ in range(KEYS)
        ]
        positions = [
            open_position(
                tenant_id=tenant.pk,
                ticker="IBM",
                qty=Decimal(100),
                cash=Decimal(10_000),
                anchor_price=Decimal(100),
                market_provider="static",
                stamp=stamp,
            )
            for _ in range(POSITIONS)
        ]
    return {"keys": keys, "positions": [str(position.pk) for position in positions]}


if __name__ == "__main__":
    main()
