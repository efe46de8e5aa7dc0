"""A new user owns a tenant that bears their name, or is not there at all."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Membership, Role, Tenant, User
from accounts.tests.people import log_in_staff

pytestmark = pytest.mark.django_db

WORDS = "correct horse battery"
MAKERS = ["create_user", "create_superuser"]


def everyone():
    return (User.objects.count(), Tenant.objects.count(), Membership.objects.count())


def make(maker, name):
    return getattr(User.objects, maker)(name, "a@example.org", WORDS)


def owned_by(user):
    return [(m.tenant.name, m.role) for m in user.memberships.select_related("tenant")]


@pytest.mark.parametrize("maker", MAKERS)
def test_a_new_user_owns_a_tenant_of_their_name(maker):
    user = make(maker, "ann")

    assert owned_by(user) == [("ann", Role.OWNER)]
    assert everyone() == (1, 1, 1)
    assert user.is_staff is (maker == "create_superuser")
    assert user.check_password(WORDS)


def test_the_command_createsuperuser_makes_the_tenant_too(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", WORDS)

    call_command("createsuperuser", interactive=False, username="ann", email="a@example.org", verbosity=0)

    assert owned_by(User.objects.get(username="ann", is_superuser=True)) == [("ann", Role.OWNER)]


@pytest.mark.parametrize("maker", MAKERS)
def test_a_user_named_like_a_tenant_leaves_nothing_behind(maker):
    Tenant.objects.create(name="ann")
    before = everyone()

    with pytest.raises(IntegrityError):
        make(maker, "ann")

    assert everyone() == before == (0, 1, 0)


@pytest.mark.parametrize("maker", MAKERS)
def test_a_user_named_like_a_user_leaves_nothing_behind(maker):
    make(maker, "ann")
    Tenant.objects.update(name="renamed")
    before = everyone()

    with pytest.raises(IntegrityError):
        make(maker, "ann")

    assert everyone() == before == (1, 1, 1)


def test_a_user_added_in_the_admin_owns_a_tenant_too(client):
    log_in_staff(client)
    form = {"username": "ann", "usable_password": "true", "password1": WORDS, "password2": WORDS}

    client.post(reverse("admin:accounts_user_add"), form)

    assert owned_by(User.objects.get(username="ann")) == [("ann", Role.OWNER)]


def test_two_tenants_never_share_a_name():
    Tenant.objects.create(name="ann")

    with pytest.raises(IntegrityError), transaction.atomic():
        Tenant.objects.create(name="ann")

    assert Tenant.objects.count() == 1


def test_one_membership_for_each_user_and_tenant_in_a_known_role():
    user = make("create_user", "ann")
    tenant = Tenant.objects.get()

    for role in (Role.VIEWER, "king"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.create(user=user, tenant=tenant, role=role)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.update(role="king")

    assert owned_by(user) == [("ann", Role.OWNER)]
