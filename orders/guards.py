"""The order-status table of the core, enforced by the database too."""

from __future__ import annotations

from positions.guards import Guard
from volbal.order_states import LEGAL_MOVES, MANUAL_MOVES

TABLE = "orders_order"

REFUSE_MOVE = """
CREATE OR REPLACE FUNCTION volbal_refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an order that is % can''t become %', OLD.status, NEW.status
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def status_guard() -> Guard:
    """Return triggers that refuse any move which the table does not have."""
    name = f"{TABLE}_legal_moves"
    refused = f"OLD.status <> NEW.status AND NOT ({_legal_moves()})"
    return Guard(
        table=TABLE,
        sqlite={
            name: f"CREATE TRIGGER {name} BEFORE UPDATE OF status ON {TABLE} WHEN {refused} "
            "BEGIN SELECT RAISE(ABORT, 'illegal move of an order''s status'); END"
        },
        postgresql={
            name: f"CREATE OR REPLACE TRIGGER {name} BEFORE UPDATE ON {TABLE} FOR EACH ROW "
            f"WHEN ({refused}) EXECUTE FUNCTION volbal_refuse_move()"
        },
        functions=(REFUSE_MOVE,),
    )


def _legal_moves() -> str:
    moves = [
        f"(OLD.status = '{old}' AND NEW.status IN ({_quoted(targets)}))"
        for old, targets in LEGAL_MOVES.items()
        if targets
    ]
    moves += [
        f"(OLD.broker = 'manual' AND OLD.status = '{old}' AND NEW.status IN ({_quoted(targets)}))"
        for old, targets in MANUAL_MOVES.items()
    ]
    return " OR ".join(moves)


def _quoted(statuses: frozenset[str]) -> str:
    return ", ".join(f"'{status}'" for status in sorted(statuses))
