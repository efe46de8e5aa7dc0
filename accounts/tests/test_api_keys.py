"""Keys are shown once, kept as a hash, limited to their scopes, and revoked for good."""

import hashlib
import re
import uuid
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.api_keys import create_api_key, find_api_key, revoke_api_key
from accounts.errors import InvalidScopes, NotFound, OutsideUnitOfWork
from accounts.models import ApiKey, Tenant
from accounts.tests.people import log_in_staff
from accounts.transactions import Stamp, unit_of_work
from volbal.errors import OutOfRange

pytestmark = pytest.mark.django_db

AT = datetime(2024, 1, 8, 16, tzinfo=UTC)
LATER = datetime(2024, 1, 9, 16, tzinfo=UTC)


@pytest.fixture
def tenant():
    return Tenant.objects.create(name="t")


def make_key(tenant, *scopes, name=""):
    with unit_of_work():
        return create_api_key(
            tenant_id=tenant.pk, scopes=scopes or ("read",), name=name, stamp=Stamp(at=AT, actor="ann")
        )


def revoke(tenant, key, actor="ann", at=LATER):
    with unit_of_work():
        return revoke_api_key(tenant_id=tenant.pk, key_id=key.pk, stamp=Stamp(at=at, actor=actor))


def test_a_key_is_found_by_its_text_with_its_tenant_in_one_query(tenant):
    key, text = make_key(tenant, "read", "trade", name="bot")

    with CaptureQueriesContext(connection) as queries:
        found = find_api_key(text)
        assert found.tenant == tenant

    assert found == key
    assert len(queries) == 1
    assert (found.name, found.created_at, found.created_by) == ("bot", AT, "ann")
    assert found.scopes == {"read", "trade"}


def test_the_secret_has_256_bits_and_only_its_hash_is_kept(tenant):
    key, text = make_key(tenant)

    prefix, key_id, secret = text.split("_")
    row = ApiKey.objects.values().get()

    assert (prefix, key_id) == ("vb", key.pk)
    assert re.fullmatch("[0-9a-f]{64}", secret)
    assert row["secret_hash"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in repr(row)
    assert len({make_key(tenant)[1] for _ in range(20)}) == 20


@pytest.mark.parametrize("scope", ["read", "trade", "broker", "admin"])
def test_no_scope_implies_another(tenant, scope):
    _, text = make_key(tenant, scope)

    assert find_api_key(text).scopes == {scope}


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "READ"], ["read", ""], "read"])
def test_unknown_and_empty_scopes_are_refused(tenant, scopes):
    with pytest.raises(InvalidScopes) as caught, unit_of_work():
        create_api_key(tenant_id=tenant.pk, scopes=scopes, name="", stamp=Stamp(at=AT, actor="ann"))

    assert caught.value.code == "invalid-scopes"
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("name", ["n" * 101, "a\nb", "a\x00b", "\ud800"])
def test_a_name_that_cannot_be_kept_is_refused(tenant, name):
    with pytest.raises(OutOfRange):
        make_key(tenant, name=name)

    assert not ApiKey.objects.exists()


def test_a_key_needs_a_tenant_that_is_there():
    with pytest.raises(NotFound):
        make_key(Tenant(id=uuid.uuid4()))

    assert not ApiKey.objects.exists()


def test_a_key_is_made_inside_a_unit_of_work(tenant):
    with pytest.raises(OutsideUnitOfWork):
        create_api_key(tenant_id=tenant.pk, scopes=["read"], name="", stamp=Stamp(at=AT, actor="ann"))

    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    "garble",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text + "\n",
        lambda text: " " + text[:-1],
        lambda text: text.upper(),
        lambda text: text.replace("_", "-"),
        lambda text: "vc" + text[2:],
        lambda text: text[:-1] + "_",
        lambda text: text[:-1] + "\u0663",  # a digit, and not one of ours
        lambda text: text[:-1] + "\x00",
        lambda text: text[:-1] + "\ud800",
        lambda text: text * 100_000,
        lambda text: "vb_" * 28,
    ],
)
def test_garbage_costs_no_query_and_is_no_key(tenant, garble):
    _, text = make_key(tenant)

    with CaptureQueriesContext(connection) as queries:
        assert find_api_key(garble(text)) is None

    assert len(queries) == 0


def test_a_wrong_secret_or_id_is_no_key(tenant):
    (_, one), (_, other) = make_key(tenant), make_key(tenant)
    _, one_id, one_secret = one.split("_")
    _, _, other_secret = other.split("_")

    assert find_api_key(f"vb_{one_id}_{other_secret}") is None
    assert find_api_key(f"vb_{'0' * 16}_{one_secret}") is None
    assert find_api_key(f"vb_{one_id}_{one_secret}") is not None


def test_a_revoked_key_is_no_key_and_the_first_to_revoke_it_is_named(tenant):
    (key, text), (_, other) = make_key(tenant), make_key(tenant)

    revoke(tenant, key, "bob")
    revoke(tenant, key, "eve", AT)

    assert find_api_key(text) is None
    assert find_api_key(other) is not None
    row = ApiKey.objects.get(pk=key.pk)
    assert (row.revoked_by, row.revoked_at) == ("bob", LATER)


def test_another_tenants_key_cannot_be_revoked(tenant):
    key, text = make_key(tenant)

    with pytest.raises(NotFound):
        revoke(Tenant.objects.create(name="other"), key)

    assert find_api_key(text) == key


@pytest.mark.parametrize(
    "change",
    [{"may_read": False}, {"revoked_at": AT}, {"revoked_by": "ann"}],
)
def test_the_database_refuses_a_key_without_scope_and_half_a_revocation(tenant, change):
    make_key(tenant)

    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.update(**change)

    assert ApiKey.objects.filter(may_read=True, revoked_at=None, revoked_by="").count() == 1


def test_the_admin_shows_keys_without_their_hash_and_changes_nothing(tenant, client):
    key, text = make_key(tenant, "read", "admin", name="bot")
    log_in_staff(client)
    page = reverse("admin:accounts_apikey_change", args=[key.pk])

    listed = client.get(reverse("admin:accounts_apikey_changelist"), {"q": key.pk})
    shown = client.get(page)

    assert "admin, read" in listed.text
    assert "bot" in shown.text
    for answer in (listed, shown):
        assert key.secret_hash not in answer.text
        assert text.split("_")[2] not in answer.text
    assert client.get(reverse("admin:accounts_apikey_add")).status_code == 403
    assert client.post(page, {"name": "mine"}).status_code == 403
    assert client.post(reverse("admin:accounts_apikey_delete", args=[key.pk])).status_code == 403
    assert ApiKey.objects.get().name == "bot"
