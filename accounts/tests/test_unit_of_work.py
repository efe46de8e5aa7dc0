"""The one transaction helper: whole or nothing, on the disk when it ends, never inside another."""

import uuid

import pytest
from django.db import connection, transaction

from accounts.errors import InsideTransaction, NotFound, OutsideUnitOfWork
from accounts.models import Tenant
from accounts.transactions import (
    current_unit,
    lock_all,
    lock_one,
    require_no_transaction,
    require_unit_of_work,
    unit_of_work,
)

on_commit = pytest.mark.django_db(transaction=True)


class Boom(Exception):
    pass


def commits_of(block):
    """Run `block` and return how many transactions it committed."""
    connection.force_debug_cursor = True
    already = len(connection.queries_log)
    try:
        block()
    finally:
        connection.force_debug_cursor = False
    return [query["sql"] for query in list(connection.queries_log)[already:]].count("COMMIT")


@on_commit
def test_a_unit_is_one_commit():
    def block():
        with unit_of_work():
            Tenant.objects.create(name="a")
            Tenant.objects.create(name="b")

    assert commits_of(block) == 1
    assert Tenant.objects.count() == 2


@on_commit
def test_a_unit_refuses_to_open_inside_another():
    with unit_of_work():
        Tenant.objects.create(name="outer")
        with pytest.raises(RuntimeError, match="durable"), unit_of_work():
            Tenant.objects.create(name="inner")
        require_unit_of_work()

    assert [tenant.name for tenant in Tenant.objects.all()] == ["outer"]


@on_commit
def test_the_network_is_refused_while_a_transaction_is_open():
    require_no_transaction()
    for opened in (unit_of_work, transaction.atomic):
        with opened(), pytest.raises(InsideTransaction):
            require_no_transaction()
    require_no_transaction()


@pytest.mark.django_db
def test_the_transaction_that_a_test_runs_in_does_not_keep_it_from_the_network():
    require_no_transaction()
    for opened in (unit_of_work, transaction.atomic):
        with opened(), pytest.raises(InsideTransaction):
            require_no_transaction()


@on_commit
def test_a_unit_refuses_to_open_inside_any_transaction():
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"), unit_of_work():
        Tenant.objects.create(name="inner")

    assert not Tenant.objects.exists()


@on_commit
def test_an_exception_undoes_everything():
    def block():
        with unit_of_work():
            Tenant.objects.create(name="a")
            with transaction.atomic():
                Tenant.objects.create(name="b")
            raise Boom

    with pytest.raises(Boom):
        block()

    assert not Tenant.objects.exists()
    with pytest.raises(OutsideUnitOfWork):
        require_unit_of_work()


class Finisher:
    """Writes tenants when the unit ends."""

    def __init__(self):
        self.names = []

    def finish(self):
        for name in self.names:
            Tenant.objects.create(name=name)


class FailingFinisher:
    def finish(self):
        raise Boom


@on_commit
def test_what_is_to_be_finished_is_written_once_at_the_end():
    with unit_of_work():
        current_unit().finisher(Finisher).names.append("a")
        current_unit().finisher(Finisher).names.append("b")
        assert not Tenant.objects.exists()

    assert sorted(Tenant.objects.values_list("name", flat=True)) == ["a", "b"]


@on_commit
def test_what_cannot_be_finished_undoes_the_unit():
    def block():
        with unit_of_work():
            Tenant.objects.create(name="a")
            current_unit().finisher(FailingFinisher)

    with pytest.raises(Boom):
        block()

    assert not Tenant.objects.exists()


@on_commit
def test_nothing_is_finished_after_an_exception():
    def block():
        with unit_of_work():
            current_unit().finisher(Finisher).names.append("a")
            raise Boom

    with pytest.raises(Boom):
        block()
    with unit_of_work():
        pass

    assert not Tenant.objects.exists()


@on_commit
def test_locking_is_refused_outside_a_unit():
    Tenant.objects.create(name="a")

    with pytest.raises(OutsideUnitOfWork):
        lock_one(Tenant.objects.filter(name="a"), "tenant")
    with transaction.atomic(), pytest.raises(OutsideUnitOfWork):
        lock_one(Tenant.objects.filter(name="a"), "tenant")


@pytest.mark.django_db
def test_locking_reads_the_row_again():
    before = Tenant.objects.create(name="a")
    Tenant.objects.update(positions_opened=7)

    with unit_of_work():
        locked = lock_one(Tenant.objects.filter(pk=before.pk), "tenant")

    assert (before.positions_opened, locked.positions_opened) == (0, 7)


@pytest.mark.django_db
def test_locking_what_is_not_there_is_not_found():
    with unit_of_work(), pytest.raises(NotFound, match="There is no such tenant") as caught:
        lock_one(Tenant.objects.filter(pk=uuid.uuid4()), "tenant")

    assert caught.value.code == "not-found"


class MarkedFinisher(Finisher):
    """Can forget."""

    def mark(self):
        return len(self.names)

    def roll_back_to(self, mark):
        del self.names[mark:]


def write_both(name):
    """Write one tenant now, and leave another for the end."""
    Tenant.objects.create(name=name)
    current_unit().finisher(MarkedFinisher).names.append(f"{name} at the end")


def names():
    return sorted(Tenant.objects.values_list("name", flat=True))


@on_commit
@pytest.mark.parametrize("already", [True, False])
def test_a_savepoint_that_fails_takes_along_what_it_left_for_the_end(already):
    with unit_of_work():
        if already:
            write_both("before")
        with pytest.raises(Boom), current_unit().savepoint():
            write_both("undone")
            raise Boom
        write_both("after")

    kept = ["before", "before at the end"] if already else []
    assert names() == ["after", "after at the end", *kept]


@on_commit
def test_savepoints_inside_savepoints_are_undone_one_by_one():
    with unit_of_work():
        with current_unit().savepoint():
            write_both("a")
            with pytest.raises(Boom), current_unit().savepoint():
                write_both("b")
                raise Boom
            write_both("c")
        with pytest.raises(Boom), current_unit().savepoint():
            with current_unit().savepoint():
                write_both("d")
            raise Boom

    assert names() == ["a", "a at the end", "c", "c at the end"]


class Claim:
    def __init__(self, error=None):
        self.error = error

    def claim(self):
        require_unit_of_work()
        Tenant.objects.create(name="claimed")
        if self.error:
            raise self.error


@on_commit
def test_a_claim_is_made_first_in_the_same_transaction():
    def block():
        with unit_of_work(idempotency=Claim()):
            assert names() == ["claimed"]
            Tenant.objects.create(name="a")

    assert commits_of(block) == 1
    assert names() == ["a", "claimed"]


@on_commit
def test_what_cannot_be_claimed_is_not_begun():
    with pytest.raises(Boom), unit_of_work(idempotency=Claim(Boom())):
        Tenant.objects.create(name="a")

    assert names() == []
    with pytest.raises(OutsideUnitOfWork):
        require_unit_of_work()


@pytest.mark.django_db
def test_several_rows_are_locked_in_the_order_of_ids_whatever_the_query_says():
    for name in "abcdefgh":
        Tenant.objects.create(name=name)

    with unit_of_work():
        locked = lock_all(Tenant.objects.order_by("-pk").exclude(name="a"))

    assert [tenant.pk for tenant in locked] == sorted(t.pk for t in Tenant.objects.exclude(name="a"))


@pytest.mark.django_db
def test_several_rows_are_not_locked_outside_a_unit_of_work():
    with pytest.raises(OutsideUnitOfWork):
        lock_all(Tenant.objects.all())
