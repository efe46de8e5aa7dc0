"""Guards that are gone or altered are named and put back, also after a migration rebuilt the table."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models

from positions.guards import install_guards, missing_guards, remove_guards
from positions.models import Event, JournalEntry
from positions.tests.builders import make_position
from positions.tests.raw_rows import ON_SQLITE, execute

APPEND_ONLY = ["positions_event", "positions_journalentry", "orders_trade"]
SUFFIXES = ["no_update", "no_delete", "no_replace"] if ON_SQLITE else ["no_change", "no_truncate"]
GUARDS = [(table, f"{table}_{suffix}") for table in APPEND_ONLY for suffix in SUFFIXES]
GUARDS += [("orders_order", "orders_order_legal_moves")]
GUARDS += [("orders_order", "orders_order_no_replace")] if ON_SQLITE else []
OWNED = ["of_its_owner_insert", "of_its_owner_update"] if ON_SQLITE else ["of_its_owner"]
GUARDS += [("orders_order", f"orders_order_{suffix}") for suffix in OWNED]
GUARDS += [("positions_position", "positions_position_changed")]
RULES = ["configs_triggerconfig", "configs_guardrailconfig", "orders_tradingswitch"]
COUNTED = ["insert_counted", "update_counted", "delete_counted"] if ON_SQLITE else ["counted"]
GUARDS += [(table, f"{table}_{suffix}") for table in RULES for suffix in COUNTED]
VALUED = ["insert_valued", "update_valued", "delete_valued"] if ON_SQLITE else ["valued"]
GUARDS += [("market_bar", f"market_bar_{suffix}") for suffix in VALUED]

postgresql_only = pytest.mark.skipif(ON_SQLITE, reason="PostgreSQL's triggers can be turned off")
sqlite_only = pytest.mark.skipif(not ON_SQLITE, reason="SQLite's triggers are text")


def drop(table, trigger):
    execute(f"DROP TRIGGER {trigger}" + ("" if ON_SQLITE else f" ON {table}"))


def assert_named_and_put_back(guards):
    assert sorted(missing_guards()) == sorted(guards)
    install_guards()
    assert missing_guards() == []


@pytest.mark.django_db
def test_all_guards_are_there_after_migrate():
    assert missing_guards() == []
    remove_guards()
    assert_named_and_put_back(GUARDS)


@pytest.mark.django_db
@pytest.mark.parametrize("guard", GUARDS)
def test_a_dropped_guard_is_named_and_put_back(guard):
    drop(*guard)

    assert_named_and_put_back([guard])


@postgresql_only
@pytest.mark.django_db
@pytest.mark.parametrize("how", ["DISABLE", "ENABLE REPLICA"])
@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_is_turned_off_is_named_and_put_back(guard, how):
    execute(f"ALTER TABLE {guard[0]} {how} TRIGGER {guard[1]}")

    assert_named_and_put_back([guard])


@sqlite_only
@pytest.mark.django_db
@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_does_nothing_is_named_and_put_back_on_sqlite(guard):
    drop(*guard)
    execute(f"CREATE TRIGGER {guard[1]} BEFORE UPDATE ON {guard[0]} WHEN 0 BEGIN SELECT 1; END")

    assert_named_and_put_back([guard])


@postgresql_only
@pytest.mark.django_db
@pytest.mark.parametrize("guard", [guard for guard in GUARDS if not guard[1].endswith("no_truncate")])
def test_a_guard_that_does_nothing_is_named_and_put_back_on_postgresql(guard):
    table, name = guard
    execute(
        f"CREATE OR REPLACE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW "
        "WHEN (OLD.id IS NULL) EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    )

    assert_named_and_put_back([guard])


@postgresql_only
@pytest.mark.django_db
@pytest.mark.parametrize("function", ["volbal_refuse_change", "volbal_refuse_move"])
def test_a_guards_function_that_lets_everything_pass_is_noticed(function):
    execute(
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RETURN COALESCE(NEW, OLD); END $$"
    )

    assert missing_guards() != []
    install_guards()
    assert missing_guards() == []


@pytest.mark.django_db
def test_installing_again_and_again_changes_nothing():
    install_guards()
    install_guards()

    assert missing_guards() == []


@pytest.fixture
def rebuilt(transactional_db):
    """Return a function that migrates a table as a later release would; undone afterwards."""
    done = []

    def rebuild(model, name):
        old = model._meta.get_field(name)
        new = models.CharField(max_length=(old.max_length or 10) + 1)
        new.set_attributes_from_name(name)
        new.model = model
        with connection.schema_editor() as editor:
            editor.alter_field(model, old, new)
        done.append((model, new, old))

    yield rebuild
    for model, new, old in done:
        with connection.schema_editor() as editor:
            editor.alter_field(model, new, old)
    install_guards()


@pytest.mark.parametrize(("model", "name"), [(Event, "actor"), (JournalEntry, "cause_id")])
def test_guards_are_back_after_a_migration_rebuilt_the_table(rebuilt, model, name):
    make_position()
    rebuilt(model, name)
    lost = {guard for guard in GUARDS if guard[0] == model._meta.db_table} if ON_SQLITE else set()
    assert set(missing_guards()) == lost

    call_command("migrate", verbosity=0)

    assert missing_guards() == []
    with pytest.raises(IntegrityError, match="append-only"):
        model.objects.update(seq=9)
    with pytest.raises(IntegrityError, match="append-only"):
        execute(f"DELETE FROM {model._meta.db_table}")
    assert model.objects.count() == 1
