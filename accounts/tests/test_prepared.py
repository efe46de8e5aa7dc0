"""Statements written once: they find and write exactly what the ORM would."""

import gc
import weakref
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, models, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiKey, IdempotencyRecord, Tenant
from accounts.prepared import Prepared, Slot, insert_rows, insert_unless_there, update_row
from accounts.tests.threads import at_once

pytestmark = pytest.mark.django_db

NOON = datetime(2024, 1, 8, 12, 0, 0, 123456, tzinfo=UTC)


def named(name):
    return Tenant.objects.create(name=name)


def key_of(tenant, key_id="a" * 16, **values):
    values = {"may_read": True, "created_at": NOON, "created_by": "tester", **values}
    return ApiKey.objects.create(id=key_id, tenant=tenant, secret_hash="0" * 64, **values)


def record_of(tenant, key, **values):
    return IdempotencyRecord.objects.create(tenant=tenant, key=key, fingerprint="f", **values)


def by_name():
    return Prepared(lambda: Tenant.objects.filter(name=Slot("name", models.CharField())))


def column_values(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_a_row_is_read_as_the_orm_reads_it():
    key = key_of(named("ann"), revoked_at=NOON, revoked_by="bob")
    prepared = Prepared(lambda: ApiKey.objects.filter(pk=Slot("id", models.CharField())))

    found = prepared.first(id=key.pk)

    orm = ApiKey.objects.get(pk=key.pk)
    assert column_values(found) == column_values(orm)
    assert [type(v) for v in column_values(found).values()] == [type(v) for v in column_values(orm).values()]
    assert (found._state.adding, found._state.db) == (False, "default")


def test_json_and_nulls_are_read_as_the_orm_reads_them():
    record = record_of(named("ann"), "k", status=200, body="{}", headers={"a": ["b", None]})
    waiting = record_of(record.tenant, "l")
    prepared = Prepared(lambda: IdempotencyRecord.objects.filter(key=Slot("key", models.CharField())))

    assert prepared.first(key="k").headers == {"a": ["b", None]}
    assert column_values(prepared.first(key="l")) == column_values(waiting)


def test_each_use_brings_its_own_values():
    tenants = {name: named(name) for name in ("ann", "bob")}
    prepared = by_name()

    assert prepared.first(name="ann") == tenants["ann"]
    assert prepared.first(name="bob") == tenants["bob"]
    assert prepared.first(name="eve") is None


@pytest.mark.parametrize("name", ["' OR 1=1 --", "%s", "100%", 'a"b', "a\\b"])
def test_values_are_bound_and_never_part_of_the_sql(name):
    named("ann")
    tenant = named(name)

    assert by_name().rows(name=name) == [tenant]


@pytest.mark.parametrize("name", ["ann", "it's", "100%", "a b", "%s"])
def test_a_constant_of_the_queryset_is_what_it_was(name):
    named("else")
    tenant = named(name)
    prepared = Prepared(
        lambda: Tenant.objects.filter(Q(name=name), created_at__gte=Slot("since", models.DateTimeField()))
    )

    assert prepared.rows(since=NOON) == [tenant]


def test_what_is_selected_along_takes_no_query_of_its_own():
    key = key_of(named("ann"))
    prepared = Prepared(
        lambda: ApiKey.objects.select_related("tenant").filter(pk=Slot("id", models.CharField()))
    )

    with CaptureQueriesContext(connection) as queries:
        assert prepared.first(id=key.pk).tenant.name == "ann"
    assert len(queries) == 1


def test_lists_of_values_are_tuples_converted_as_the_orm_does():
    key = key_of(named("ann"))
    prepared = Prepared(
        lambda: ApiKey.objects.filter(pk=Slot("id", models.CharField())).values_list("tenant", "created_at")
    )

    assert prepared.rows(id=key.pk) == [(key.tenant_id, NOON)]


def test_a_slot_may_stand_in_several_places_of_a_union():
    ann, bob = named("ann"), named("bob")
    record_of(ann, "k"), record_of(bob, "k", status=200, body=""), record_of(bob, "l")

    def of_tenant():
        return IdempotencyRecord.objects.filter(tenant=Slot("tenant", models.UUIDField()))

    prepared = Prepared(
        lambda: (
            of_tenant()
            .filter(status=None)
            .values_list("key", "status")
            .union(of_tenant().exclude(status=None).values_list("key", "status"), all=True)
        )
    )

    assert prepared.rows(tenant=ann.pk) == [("k", None)]
    assert sorted(prepared.rows(tenant=bob.pk)) == [("k", 200), ("l", None)]


@pytest.mark.django_db(transaction=True)
def test_every_thread_reads_with_its_own_connection():
    tenant, prepared = named("ann"), by_name()

    found = at_once([lambda: prepared.first(name="ann")] * 4)

    assert found == [tenant] * 4


@pytest.mark.django_db(transaction=True)
def test_no_statement_keeps_the_connection_of_a_thread_that_is_gone():
    prepared, seen = by_name(), []

    def read():
        prepared.first(name="ann")
        seen.append(weakref.ref(connections["default"]))

    at_once([read])
    gc.collect()

    assert [reference() for reference in seen] == [None]


def test_inserted_rows_are_as_if_saved():
    tenant = named("ann")
    row = ApiKey(
        id="b" * 16, tenant=tenant, secret_hash="1" * 64, may_trade=True, created_at=NOON, created_by="t"
    )

    insert_rows([row])

    assert column_values(ApiKey.objects.get(pk="b" * 16)) == column_values(row)
    assert (row._state.adding, row._state.db) == (False, "default")


def test_what_is_stamped_when_it_is_made_is_stamped():
    tenant = Tenant(name="ann")

    insert_rows([tenant])

    assert Tenant.objects.get().created_at == tenant.created_at is not None


def test_the_database_makes_the_keys_that_it_always_makes():
    tenant = named("ann")

    insert_rows([IdempotencyRecord(tenant=tenant, key=key, fingerprint="f") for key in "kl"])
    assert insert_unless_there(IdempotencyRecord(tenant=tenant, key="m", fingerprint="f"))

    assert len(set(IdempotencyRecord.objects.values_list("pk", flat=True))) == 3


def test_no_rows_take_no_statement_and_many_take_a_few():
    with CaptureQueriesContext(connection) as queries:
        insert_rows([])
        insert_rows([Tenant(name=f"t{i}") for i in range(1_001)])

    assert len(queries) == 3
    assert Tenant.objects.count() == 1_001


def test_the_database_refuses_what_it_always_refuses():
    named("ann")

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([Tenant(name="ann")])
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([ApiKey(id="b", tenant=Tenant.objects.get(), created_at=NOON, created_by="no scope")])

    assert (Tenant.objects.count(), ApiKey.objects.count()) == (1, 0)


def test_a_row_that_is_there_is_kept_and_the_transaction_goes_on():
    named("ann")

    assert not insert_unless_there(Tenant(name="ann", positions_opened=9))
    assert insert_unless_there(Tenant(name="bob"))

    assert list(Tenant.objects.order_by("name").values_list("name", "positions_opened")) == [
        ("ann", 0),
        ("bob", 0),
    ]


def test_a_row_that_breaks_another_rule_is_not_taken_for_one_that_is_there():
    row = ApiKey(id="b", tenant=named("ann"), created_at=NOON, created_by="no scope")

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_unless_there(row)


def test_an_update_writes_the_named_fields_and_no_others():
    tenant = named("ann")
    tenant.name, tenant.positions_opened = "bob", 5

    update_row(tenant, ["positions_opened"])

    assert list(Tenant.objects.values_list("name", "positions_opened")) == [("ann", 5)]


def test_an_update_of_a_row_that_is_gone_is_an_error():
    tenant = named("ann")
    Tenant.objects.all().delete()

    with pytest.raises(DatabaseError, match="not there"):
        update_row(tenant, ["name"])
    assert not Tenant.objects.exists()
