"""The finder for very many bars: numpy looks at ever larger chunks of prices."""

from __future__ import annotations

import numpy as np

from simulation.finders import Outlook
from simulation.series import Series
from volbal import kernel

FIRST_CHUNK = 256
LARGEST_CHUNK = 1 << 15


class ChunkFinder:
    """Looks at chunks that grow with the distance, so that near and far bars are both found fast."""

    def __init__(self, series: Series, rules: kernel.Rules, strategy: str) -> None:
        self._prices = np.asarray(series.floats)
        self._outlook = Outlook(rules, strategy)

    def next_bar(self, cell: kernel.Cell, first: int, stop: int) -> int:
        buy_at, sell_at = map(float, self._outlook.still_prices(cell))
        size = FIRST_CHUNK
        while first < stop:
            chunk = self._prices[first : min(first + size, stop)]
            outside = (chunk <= buy_at) | (chunk >= sell_at)
            number = int(outside.argmax())
            if outside[number]:
                return first + number
            first += len(chunk)
            size = min(size * 4, LARGEST_CHUNK)
        return stop
