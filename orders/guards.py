"""What the database says of orders: the status moves by the core's table, the tenant is the cell's."""

from __future__ import annotations

from positions.guards import Guard, sqlite_no_replace, sqlite_refusal
from volbal.order_states import LEGAL_MOVES, MANUAL_MOVES, OPEN

TABLE = "orders_order"
REPLACED = "an order is never replaced"
OWNED = f"{TABLE}_of_its_owner"
NOT_ITS_OWNER = "an order belongs to the tenant of its position"
ANOTHERS = "NEW.tenant_id <> (SELECT tenant_id FROM positions_position WHERE id = NEW.position_id)"
REFUSE_OWNER = f"""
BEGIN
    IF {ANOTHERS} THEN
        RAISE EXCEPTION '{NOT_ITS_OWNER}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
"""


def order_guard() -> Guard:
    """Return triggers that refuse moves which the table does not have, and another tenant than the cell's."""
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
            **{
                f"{OWNED}_{verb.split()[0].lower()}": f"CREATE TRIGGER {OWNED}_{verb.split()[0].lower()} "
                f"BEFORE {verb} ON {TABLE} WHEN {ANOTHERS} BEGIN {sqlite_refusal(NOT_ITS_OWNER)}; END"
                for verb in ("INSERT", "UPDATE OF tenant_id, position_id")
            },
        },
        postgresql={
            name: f"CREATE TRIGGER {name} BEFORE UPDATE ON {TABLE} "
            "FOR EACH ROW EXECUTE FUNCTION volbal_refuse_move()",
            OWNED: f"CREATE TRIGGER {OWNED} BEFORE INSERT OR UPDATE OF tenant_id, position_id ON {TABLE} "
            "FOR EACH ROW EXECUTE FUNCTION volbal_refuse_owner()",
        },
        functions={"volbal_refuse_move": _refuse_move(refused), "volbal_refuse_owner": REFUSE_OWNER},
        reads="tenant_id",
    )


def _refuse_move(refused: str) -> str:
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
