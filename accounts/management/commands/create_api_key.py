"""`manage.py create_api_key`: a key for programs, printed once."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts.api_keys import create_api_key, require_name, require_scopes
from accounts.arguments import argument
from accounts.database import require_migrated
from accounts.models import Scope, Tenant
from accounts.transactions import Stamp, unit_of_work

_LONGEST_TENANT = 150


class Command(BaseCommand):
    help = "Make an API key and print it, and nothing else. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tenant", required=True, type=_tenant_name, help="whose key; made if there is none of that name"
        )
        parser.add_argument(
            "--scopes",
            required=True,
            type=argument(_scopes),
            help=f"some of {','.join(Scope.values)}, with commas",
        )
        parser.add_argument("--name", default="", type=argument(require_name), help="what the key is for")

    def handle(self, *, tenant: str, scopes: frozenset[str], name: str, **options: Any) -> None:
        require_migrated()
        stamp = Stamp(at=timezone.now(), actor="create_api_key")
        with unit_of_work():
            owner, _ = Tenant.objects.get_or_create(name=tenant)
            _, text = create_api_key(tenant_id=owner.pk, scopes=scopes, name=name, stamp=stamp)
        self.stdout.write(text)


def _scopes(text: str) -> frozenset[str]:
    return require_scopes(scope.strip() for scope in text.split(",") if scope.strip())


def _tenant_name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > _LONGEST_TENANT or not name.isprintable():
        raise argparse.ArgumentTypeError(f"1 to {_LONGEST_TENANT} printable characters")
    return name
