"""What makes the schedule look again: a band never outlives what it was made of.

The database does it, so that no code that changes a position, its settings or a switch can forget to. A
change of everyone's rules, or of a tenant's, counts up one row instead of emptying thousands: whoever holds
some of these would have to be waited for, in any order.
"""

from __future__ import annotations

from positions.guards import Guard

POSITIONS = "positions_position"
RULES = ("configs_triggerconfig", "configs_guardrailconfig", "orders_tradingswitch")
_EVERYONE = "00000000000000000000000000000000"
_EMPTY = "UPDATE orders_watch SET first = 1, last = 0 WHERE position_id ="
_COUNT_UP = "ON CONFLICT (owner) DO UPDATE SET version = orders_rulesversion.version + 1"


def watch_guards() -> list[Guard]:
    """Return the triggers of the position's table and of every table of rules."""
    return [_of_positions(), *map(_of_rules, RULES)]


def _of_positions() -> Guard:
    name = f"{POSITIONS}_changed"
    return Guard(
        table=POSITIONS,
        sqlite={
            name: f"CREATE TRIGGER {name} AFTER UPDATE ON {POSITIONS} BEGIN {_EMPTY} NEW.id AND last > 0; END"
        },
        postgresql={
            name: f"CREATE TRIGGER {name} AFTER UPDATE ON {POSITIONS} "
            "FOR EACH ROW EXECUTE FUNCTION volbal_position_changed()"
        },
        functions={
            "volbal_position_changed": f"""
BEGIN
    {_EMPTY} NEW.id AND last > 0;
    RETURN NULL;
END
"""
        },
    )


def _of_rules(table: str) -> Guard:
    events = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
    return Guard(
        table=table,
        sqlite={
            f"{table}_{verb}_counted": f"CREATE TRIGGER {table}_{verb}_counted AFTER {verb.upper()} "
            f"ON {table} BEGIN {_sqlite_count(row)} END"
            for verb, row in events.items()
        },
        postgresql={
            f"{table}_counted": f"CREATE TRIGGER {table}_counted AFTER INSERT OR DELETE OR UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION volbal_rules_changed()"
        },
        functions={"volbal_rules_changed": _POSTGRESQL_COUNT},
    )


def _sqlite_count(row: str) -> str:
    return (
        f"{_EMPTY} {row}.position_id; "
        f"INSERT INTO orders_rulesversion (owner, version) "
        f"SELECT COALESCE({row}.tenant_id, '{_EVERYONE}'), 1 WHERE {row}.position_id IS NULL {_COUNT_UP};"
    )


_POSTGRESQL_COUNT = f"""
DECLARE
    changed record;
BEGIN
    IF TG_OP = 'DELETE' THEN changed := OLD; ELSE changed := NEW; END IF;
    IF changed.position_id IS NOT NULL THEN
        {_EMPTY} changed.position_id;
    ELSE
        INSERT INTO orders_rulesversion (owner, version)
        VALUES (COALESCE(changed.tenant_id, '{_EVERYONE}'::uuid), 1) {_COUNT_UP};
    END IF;
    RETURN NULL;
END
"""  # noqa: S608
