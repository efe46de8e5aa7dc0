"""Pages about members, invitations and keys."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.api_keys import find_api_key
from accounts.models import ApiKey, Invitation, Membership, Role, User
from accounts.tests.people import PASSWORD, log_in_lately, make_member, make_user, own_tenant

pytestmark = pytest.mark.django_db

INVITE = "/settings/members/invite"


@pytest.fixture
def owner():
    return make_user("olga")


@pytest.fixture
def tenant(owner):
    return own_tenant(owner)


@pytest.fixture
def client(owner) -> Client:
    return lately(owner)


def lately(user) -> Client:
    client = Client()
    log_in_lately(client, user)
    return client


def send(client: Client, path: str, **said):
    key = re.search(r'name="idempotency_key" value="([^"]+)"', client.get(path).text)[1]
    return client.post(path, {**said, "idempotency_key": key})


def invited(client: Client, role: str = "trader") -> str:
    """Invite somebody; return the path of the link."""
    send(client, INVITE, role=role, note="Tom")
    return re.search(r"http://testserver(/join/[^<]+)<", client.get("/settings/members").text)[1]


def role_of(user, tenant) -> str | None:
    return Membership.objects.filter(user=user, tenant=tenant).values_list("role", flat=True).first()


def test_an_invitation_lets_in_whoever_has_a_login_once(client, tenant):
    link = invited(client)
    tom = make_user("tom")

    assert lately(tom).post(link)["Location"] == "/"

    assert role_of(tom, tenant) == "trader"
    assert lately(make_user("eve")).post(link).status_code == 404
    assert Invitation.objects.get().accepted_by == "tom"


def test_the_link_is_shown_once_and_kept_nowhere(client):
    link = invited(client)

    assert "/join/" not in client.get("/settings/members").text
    assert link.removeprefix("/join/") not in str(Invitation.objects.values_list())


def test_somebody_new_opens_a_login_by_the_invitation_though_signing_up_is_closed(client, tenant):
    link = invited(client, "viewer")
    newcomer = Client()
    newcomer.get(link)

    newcomer.post(
        f"/account/signup/?next={link}", {"username": "nina", "password1": PASSWORD, "password2": PASSWORD}
    )
    newcomer.post(link)

    nina = User.objects.get(username="nina")
    assert role_of(nina, tenant) == "viewer"
    assert nina.memberships.count() == 2
    assert "viewer of olga" in newcomer.get("/").text


def test_opening_the_link_alone_joins_nobody(client, tenant):
    tom = make_user("tom")

    assert "Join as tom" in lately(tom).get(invited(client)).text
    assert role_of(tom, tenant) is None


@pytest.mark.parametrize("change", ["withdrawn", "old"])
def test_a_link_that_was_withdrawn_or_is_too_old_lets_nobody_in(client, tenant, change):
    link = invited(client)
    if change == "old":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        send(client, f"/settings/invitations/{Invitation.objects.get().pk}/withdraw")

    answer = lately(make_user("tom")).post(link)

    assert answer.status_code == 404
    assert "can&#x27;t be used" in answer.text or "can't be used" in answer.text
    assert tenant.memberships.count() == 1


def test_an_invitation_never_takes_a_higher_role_away(client, tenant, owner):
    client.post(invited(client, "viewer"))

    assert role_of(owner, tenant) == "owner"


def test_a_members_role_is_changed_and_the_member_removed(client, tenant):
    tom = make_member(tenant, Role.TRADER, "tom")
    path = f"/settings/members/{tenant.memberships.get(user=tom).pk}"

    send(client, f"{path}/role", role="viewer")
    assert role_of(tom, tenant) == "viewer"
    assert lately(tom).get("/trading/stop").status_code == 403
    send(client, f"{path}/remove")

    assert role_of(tom, tenant) is None
    assert lately(tom).get("/").status_code == 403


@pytest.mark.parametrize("what", ["role", "remove"])
def test_the_last_owner_stays(client, tenant, owner, what):
    answer = send(client, f"/settings/members/{tenant.memberships.get().pk}/{what}", role="viewer")

    assert answer.status_code == 422
    assert "Somebody must stay owner" in answer.text
    assert role_of(owner, tenant) == "owner"


def test_one_works_for_one_tenant_at_a_time_and_chooses_which(tenant):
    tom = make_user("tom")
    Membership.objects.create(user=tom, tenant=tenant, role=Role.VIEWER)
    client = lately(tom)
    assert "owner of tom" in client.get("/").text

    client.post("/settings/tenant", {"tenant": str(tenant.pk)})
    assert "viewer of olga" in client.get("/").text
    assert client.get("/trading/stop").status_code == 403
    client.post("/settings/tenant", {"tenant": str(own_tenant(make_user("sven")).pk)})

    assert "owner of tom" in client.get("/").text


def test_a_key_is_made_shown_once_and_works(client, tenant):
    send(client, "/settings/api-keys/new", name="bot", scopes=["read", "trade"])

    page = client.get("/settings/api-keys").text
    text = re.search(r"vb_[0-9a-f]{16}_[0-9a-f]{64}", page)[0]

    key = find_api_key(text)
    assert (key.tenant, key.scopes, key.created_by) == (tenant, {"read", "trade"}, "olga")
    assert text not in client.get("/settings/api-keys").text
    assert "bot" in client.get("/settings/api-keys").text


def test_a_key_without_a_scope_is_not_made(client):
    answer = send(client, "/settings/api-keys/new", name="bot")

    assert answer.status_code == 422
    assert ApiKey.objects.count() == 0


def test_a_revoked_key_works_no_more(client):
    send(client, "/settings/api-keys/new", name="bot", scopes=["read"])
    key = ApiKey.objects.get()

    send(client, f"/settings/api-keys/{key.pk}/revoke")

    key.refresh_from_db()
    assert key.revoked_by == "olga"
    assert "Revoked" in client.get("/settings/api-keys").text


@pytest.mark.parametrize("path", [INVITE, "/settings/api-keys/new"])
def test_what_lets_somebody_in_asks_for_the_password_again(owner, path):
    client = Client()
    client.force_login(owner)

    assert client.get(path)["Location"].startswith("/account/reauthenticate/")
