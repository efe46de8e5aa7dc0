"""`manage.py check_overfitting`: what the guards say of series with nothing to find, and with something."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from simulation.made_up import BARS, KINDS, verdict_on


class Command(BaseCommand):
    help = "Optimize over made-up series, one a seed, and count how often an improvement is called robust."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--series", choices=sorted(KINDS), required=True, help="walk, or ou: drawn back")
        parser.add_argument("--seeds", type=_seeds, required=True, help="like 1-100, or 3,5,8")
        parser.add_argument("--bars", type=int, default=BARS, help=f"days of each series ({BARS})")

    def handle(self, *, series: str, seeds: Iterable[int], bars: int, **options: Any) -> None:
        said = [verdict_on(series, seed, bars) for seed in seeds]
        robust = sum(verdict is not None and verdict.is_robust for verdict in said)
        self.stdout.write(f"{series}: {len(said)} seeds, {len(said) - robust} x no robust improvement")


def _seeds(text: str) -> list[int]:
    try:
        first, dash, last = text.partition("-")
        return list(range(int(first), int(last) + 1)) if dash else [int(one) for one in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError("seeds: write them like 1-100, or 3,5,8.") from None
