"""What makes kept values be looked at again when a stored bar of their days comes, changes or goes.

The database counts, so that no code that writes bars can forget to; and whoever reads the bars while others
write some finds afterwards that the number has changed. See `simulation/value_models.py`.
"""

from __future__ import annotations

from positions.guards import Guard

BARS, VALUES = "market_bar", "simulation_cellvalues"
_COUNT = f"UPDATE {VALUES} SET bars = bars + 1 WHERE ticker = {{row}}.ticker"  # noqa: S608
# Later bars than the last day are counted too: meanwhile somebody may be at a later last day.
_OF_ITS_DAYS = "first_day <= {row}.date"
_ROWS = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}


def value_guard() -> Guard:
    """Return the triggers of the table of bars."""
    names = {verb: f"{BARS}_{verb}_valued" for verb in _ROWS}
    return Guard(
        table=BARS,
        sqlite={
            names[verb]: f"CREATE TRIGGER {names[verb]} AFTER {verb.upper()} ON {BARS} "
            f"BEGIN {' '.join(map(_counted, rows))} END"
            for verb, rows in _ROWS.items()
        },
        postgresql={
            f"{BARS}_valued": f"CREATE TRIGGER {BARS}_valued AFTER INSERT OR DELETE OR UPDATE ON {BARS} "
            "FOR EACH ROW EXECUTE FUNCTION volbal_bar_valued()"
        },
        functions={"volbal_bar_valued": _POSTGRESQL},
        writes=VALUES,
    )


def _counted(row: str) -> str:
    return f"{_COUNT} AND {_OF_ITS_DAYS};".format(row=row)


_POSTGRESQL = f"""
BEGIN
    IF TG_OP <> 'INSERT' THEN {_counted("OLD")} END IF;
    IF TG_OP <> 'DELETE' THEN {_counted("NEW")} END IF;
    RETURN NULL;
END
"""
