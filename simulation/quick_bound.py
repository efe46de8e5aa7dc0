"""Between which prices a cell surely doesn't trade, found in a few decimal operations.

Of the rules it knows trigger, band, and the room that the band leaves for the least notional; `still_prices`
knows them all, and takes ten times as long. It is exact but for what is granted to the roundings: factors are
rounded so that the bounds are too narrow rather than too wide.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from volbal import kernel
from volbal.numbers import MAX_PRICE, ZERO

NEVER_BUYS = ZERO
NEVER_SELLS = ALWAYS_BUYS = 2 * MAX_PRICE

# Money is rounded to 6 places before it is compared with a minimum, and quantities to 12: at the highest
# price of all that is half a thousandth of a dollar.
_GRANTED = Decimal("0.002")
_PLACES = Decimal("1e-12")


class QuickBound:
    """The bound for one set of rules. Call inside `exact()`.

    At a stock share of s the stock is worth s / (1 - s) times the cash beside it. Beyond a rail a trade
    leads back to it, so it is worth the least notional only some way behind; before a rail there is room for
    the least notional only up to some way before it. Leading back is rounded away from zero: by up to a unit.
    """

    def __init__(self, rules: kernel.Rules) -> None:
        least = max(rules.min_notional - _GRANTED, ZERO)
        back = ZERO if rules.below_min == kernel.MIN_CLIP else least
        self._has_high = rules.high < 1
        self._low = (
            rules.buys_at,
            rules.sells_at,
            *_factors(rules.low),
            _down(back * rules.buying_to_low / (1 - rules.low)),
            _down(least * rules.selling_to_low / (1 - rules.low)),
            _up(rules.unit * rules.buying_to_low / (1 - rules.low)),
        )
        if self._has_high:
            self._high = (
                *_factors(rules.high),
                _down(back * rules.selling_to_high / (1 - rules.high)),
                _down(least * rules.buying_to_high / (1 - rules.high)),
                _up(rules.unit * rules.selling_to_high / (1 - rules.high)),
            )

    def prices(self, cell: kernel.Cell) -> tuple[Decimal, Decimal]:
        """Return two prices; strictly between them nothing is traded on a fresh day."""
        anchor, held, cash, receivable = cell
        buys_at, sells_at, less, more, back, least, unit = self._low
        if held <= unit:
            return (ALWAYS_BUYS if more else anchor * buys_at), (NEVER_SELLS if held <= ZERO else ZERO)
        beside = cash + receivable if receivable else cash
        buy_at, sell_at = anchor * buys_at, anchor * sells_at
        if held * buy_at < beside * more + least:
            asked, behind = beside * more - back, held - unit
            if behind * buy_at < asked:
                buy_at = asked / behind
            needed = beside * less + least
            if held * sell_at < needed:
                sell_at = needed / held
        if self._has_high:
            less, more, back, least, unit = self._high
            if held * sell_at > beside * less - least:
                asked, behind = beside * less + back, held + unit
                if behind * sell_at > asked:
                    sell_at = asked / behind
                room = beside * more - least
                if held * buy_at > room:
                    buy_at = room / held
        return buy_at, sell_at


def _factors(rail: Decimal) -> tuple[Decimal, Decimal]:
    """Return what the cash is multiplied with at a rail, rounded down and up."""
    return _down(rail / (1 - rail)), _up(rail / (1 - rail))


def _up(factor: Decimal) -> Decimal:
    return factor.quantize(_PLACES, ROUND_CEILING)


def _down(factor: Decimal) -> Decimal:
    return factor.quantize(_PLACES, ROUND_FLOOR)
