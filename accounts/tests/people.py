"""Users of every kind, and how they log in without the form."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from accounts.models import Membership, Role, Tenant, User

PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXP"


def make_user(name: str = "olga") -> User:
    """Return a user who owns the tenant of their name."""
    return User.objects.create_user(name, password=PASSWORD)


def make_staff(name: str = "root") -> User:
    """Return a member of staff with a second factor, as the administration demands one."""
    return with_second_factor(User.objects.create_superuser(name, password=PASSWORD))


def with_second_factor(user: User) -> User:
    """Let a user have an authenticator app."""
    TOTP.activate(user, SECRET)
    return user


def log_in_staff(client: Client, name: str = "root") -> User:
    """Log a new member of staff in; return who that is."""
    user = make_staff(name)
    client.force_login(user)
    return user


def log_in_lately(client: Client, user: User) -> None:
    """Log a user in who has just given the password for something dangerous."""
    client.force_login(user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time(), "reauthenticated": True, "username": user.username}
    ]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session.save()


def own_tenant(user: User) -> Tenant:
    """Return the tenant that bears the user's name."""
    return Tenant.objects.get(name=user.username)


def make_member(tenant: Tenant, role: Role, name: str) -> User:
    """Return a user who works for this tenant alone."""
    user = User(username=name)
    user.set_password(PASSWORD)
    user.save()
    Membership.objects.create(user=user, tenant=tenant, role=role)
    return user


def logged_in(user: User) -> Client:
    """Return a client that has logged in."""
    client = Client()
    client.force_login(user)
    return client


def form_key(answer: Any) -> str:
    """Return the key that a form on a page carries."""
    found = re.search(r'name="idempotency_key" value="([^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def send_form(client: Client, path: str, **said: Any) -> Any:
    """Open a form and send it filled in, as a browser does."""
    return client.post(path, {**said, "idempotency_key": form_key(client.get(path))})
