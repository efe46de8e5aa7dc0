"""Running a check that yields faults, and saying how it went."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.management.base import BaseCommand, CommandError

MOST_SHOWN = 50


def report_faults(command: BaseCommand, faults: Iterable[str], all_well: str) -> None:
    """Write `all_well`, or every fault up to fifty and raise CommandError (exit status 1)."""
    found = list(faults)
    for fault in found[:MOST_SHOWN]:
        command.stdout.write(fault)
    if found:
        raise CommandError(f"{len(found)} faults found.")
    command.stdout.write(all_well)
