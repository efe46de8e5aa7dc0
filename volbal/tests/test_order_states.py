"""The table of order statuses, every pair."""

from __future__ import annotations

from itertools import pairwise

import pytest

from volbal.errors import IllegalTransition
from volbal.order_states import FINISHED, LEGAL_MOVES, OPEN, OrderStatus, check_move, may_move, way_to

ALL = ["new", "submitted", "accepted", "partially_filled", "filled", "cancel_pending", "cancelled"]
ALL += ["rejected", "expired", "unknown"]
TABLE = {
    "new": "submitted rejected cancelled expired",
    "submitted": "accepted partially_filled filled rejected unknown cancel_pending cancelled expired",
    "accepted": "partially_filled filled cancel_pending cancelled expired unknown",
    "partially_filled": "partially_filled filled cancel_pending cancelled expired unknown",
    "cancel_pending": "cancelled partially_filled filled unknown",
    "unknown": "submitted accepted partially_filled filled cancel_pending cancelled rejected expired",
    "filled": "",
    "cancelled": "",
    "rejected": "",
    "expired": "",
}
PAIRS = [(old, new) for old in ALL for new in ALL if (old, new) != ("unknown", "unknown")]


def test_the_table_has_every_status() -> None:
    assert sorted(status.value for status in OrderStatus) == sorted(ALL)
    assert set(LEGAL_MOVES) == set(OrderStatus)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_pair_of_the_table(old: str, new: str) -> None:
    legal = new in TABLE[old].split()
    assert may_move(OrderStatus(old), OrderStatus(new)) is legal


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_only_a_new_manual_order_has_two_moves_more(old: str, new: str) -> None:
    extra = old == "new" and new in ("partially_filled", "filled")
    legal = extra or new in TABLE[old].split()
    assert may_move(OrderStatus(old), OrderStatus(new), manual=True) is legal


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_an_illegal_move_is_refused_by_name(old: str, new: str) -> None:
    if may_move(OrderStatus(old), OrderStatus(new)):
        check_move(OrderStatus(old), OrderStatus(new))
        return
    with pytest.raises(IllegalTransition) as caught:
        check_move(OrderStatus(old), OrderStatus(new))
    assert caught.value.code == "illegal-transition"
    assert caught.value.facts == {"from_status": old, "to_status": new}


def test_an_order_is_open_or_finished_and_never_both() -> None:
    assert set(OrderStatus) == OPEN | FINISHED
    assert not OPEN & FINISHED
    assert {status.value for status in FINISHED} == {"filled", "cancelled", "rejected", "expired"}


@pytest.mark.parametrize("status", sorted(FINISHED))
def test_a_finished_order_never_moves(status: OrderStatus) -> None:
    assert not any(may_move(status, new, manual=True) for new in OrderStatus)


@pytest.mark.parametrize("status", sorted(OPEN))
def test_an_open_order_can_still_end(status: OrderStatus) -> None:
    assert any(may_move(status, new) for new in FINISHED)


@pytest.mark.parametrize(
    ("old", "new", "way"),
    [
        ("submitted", "accepted", ("accepted",)),
        ("submitted", "rejected", ("rejected",)),
        ("accepted", "rejected", ("unknown", "rejected")),
        ("partially_filled", "rejected", ("unknown", "rejected")),
        ("cancel_pending", "expired", ("unknown", "expired")),
        ("partially_filled", "accepted", ()),
        ("unknown", "new", ()),
        ("new", "accepted", ()),
        ("cancelled", "expired", ()),
        ("filled", "accepted", ()),
    ],
)
def test_what_a_broker_says_is_reached_by_legal_moves_or_not_at_all(old, new, way):
    assert way_to(OrderStatus(old), OrderStatus(new)) == way


def test_every_way_is_made_of_legal_moves_and_leads_there():
    for old in OrderStatus:
        for new in OrderStatus:
            way = way_to(old, new)
            assert all(may_move(before, after) for before, after in pairwise((old, *way)))
            assert not way or way[-1] == new
