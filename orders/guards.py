"""The order-status table of the core, enforced by the database too."""

from __future__ import annotations

from positions.guards import Guard, sqlite_no_replace, sqlite_refusal
from volbal.order_states import LEGAL_MOVES, MANUAL_MOVES, OPEN

TABLE = "orders_order"
REPLACED = "an order is never replaced"


def status_guard() -> Guard:
    """Return triggers that refuse any move which the table does not have."""
    name = f"{TABLE}_legal_moves"
    refused = f"OLD.status <> NEW.status AND NOT ({_legal_moves()})"
    opens = _quoted(OPEN)
    both_open = f"position_id = NEW.position_id AND status IN ({opens}) AND NEW.status IN ({opens})"
    return Guard(
        table=TABLE,
        sqlite={
            name: f"CREATE TRIGGER {name} BEFORE UPDATE OF status ON {TABLE} WHEN {refused} "
            f"BEGIN {sqlite_refusal('illegal move of the status of an order')}; END",
            **dict(sqlite_no_replace(TABLE, REPLACED, ("client_order_id",), also=(both_open,))),
        },
        postgresql={
            name: f"CREATE TRIGGER {name} BEFORE UPDATE ON {TABLE} "
            "FOR EACH ROW EXECUTE FUNCTION volbal_refuse_move()"
        },
        functions={"volbal_refuse_move": _function_body(refused)},
    )


def _function_body(refused: str) -> str:
    return f"""
BEGIN
    IF {refused} THEN
        RAISE EXCEPTION 'an order that is % can''t become %', OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
"""


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
