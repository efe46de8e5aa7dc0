"""An order keeps its position's tenant, so that a tenant's orders are read in their order at any number."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from accounts.models import Tenant
from orders.models import Order
from orders.order_lists import open_orders
from orders.tests.builders import make_order
from positions.guards import missing_guards
from positions.tests.builders import make_position
from positions.tests.raw_rows import ON_SQLITE

BEFORE, AFTER = "0005_broker_connections", "0008_every_order_has_a_tenant"


@pytest.mark.django_db
def test_an_order_is_its_position_s_tenant_s():
    position = make_position()

    order = make_order(position)

    assert Order.objects.get(pk=order.pk).tenant_id == position.tenant_id


@pytest.mark.django_db
def test_the_database_refuses_another_tenant_s_order():
    order = make_order(make_position())
    other = Tenant.objects.create(name="other")

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(tenant=other)
    with pytest.raises(IntegrityError), transaction.atomic():
        again = Order.objects.get(pk=order.pk)
        again.pk, again.client_order_id, again.tenant = None, "again", other
        again.save(force_insert=True)

    assert list(Order.objects.values_list("pk", "tenant")) == [(order.pk, order.position.tenant_id)]


@pytest.mark.django_db
def test_the_database_refuses_an_order_that_moves_to_another_tenant_s_position():
    order = make_order(make_position())
    elsewhere = make_position(tenant=Tenant.objects.create(name="other"))

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(position=elsewhere)

    assert Order.objects.get().position_id == order.position_id


@pytest.mark.django_db
def test_open_orders_are_the_tenant_s_own():
    order = make_order(make_position())
    make_order(make_position(tenant=Tenant.objects.create(name="other")))

    assert open_orders(order.position.tenant) == [order]


@pytest.mark.django_db
@pytest.mark.skipif(not ON_SQLITE, reason="PostgreSQL plans by how many rows there are")
def test_the_newest_orders_of_a_tenant_are_read_in_their_order():
    newest = Order.objects.filter(tenant=make_position().tenant).order_by("-created_at", "-pk")[:30]

    plan = newest.explain()

    assert "order_newest_of_tenant" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.django_db(transaction=True)
def test_orders_of_before_get_their_tenant_and_the_way_back_is_open():
    order = make_order(make_position())
    try:
        call_command("migrate", "orders", BEFORE, verbosity=0)
        assert "tenant_id" not in _columns()
        assert [guard for guard in missing_guards() if guard[0] == "orders_order"] == []
    finally:
        call_command("migrate", "orders", AFTER, verbosity=0)

    assert Order.objects.get(pk=order.pk).tenant_id == order.position.tenant_id
    assert missing_guards() == []


def _columns():
    with connection.cursor() as cursor:
        return {
            column.name for column in connection.introspection.get_table_description(cursor, "orders_order")
        }
