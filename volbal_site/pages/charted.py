"""A chart is read once, until something in it is new: pages ask for it again and again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

from django.core.cache import caches
from django.core.serializers.json import DjangoJSONEncoder

from volbal_site.pages.chart import Chart, chart_of, mark_of, span_of
from volbal_site.pages.position_now import Ground

_KEPT_S = 600


@dataclass(frozen=True, kw_only=True)
class Charted:
    """A chart that is read when it is asked for; `mark` differs when anything in it does."""

    mark: str
    read: Callable[[], Chart]

    @cached_property
    def chart(self) -> Chart:
        """What it shows."""
        return self.read()

    def as_text(self) -> str:
        """Return it for the script, as JSON."""
        kept, key = caches["lists"], f"chart-{self.mark}"
        text: str | None = kept.get(key)
        if text is None:
            text = json.dumps(self.chart.as_json(), cls=DjangoJSONEncoder)
            kept.set(key, text, _KEPT_S)
        return text


def charted(ground: Ground, chosen: str) -> Charted:
    """Return the chart of a cell over one of RANGES."""
    span = span_of(ground, chosen)
    return Charted(mark=mark_of(ground, span), read=partial(chart_of, ground, span))
