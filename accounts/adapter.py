"""How logging in differs here from what django-allauth does by itself."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.cipher import decrypt, encrypt
from accounts.invitations import is_invited
from accounts.models import Tenant, User

TOO_MANY = "too_many_login_attempts"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Users found a tenant when they sign up, are locked out after ten wrong passwords, leave no address."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "This name and password don't belong together.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.ALLOW_SIGNUP or is_invited(request.session)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Refuse the name of a tenant too: a user founds one of their own name."""
        name: str = super().clean_username(username, shallow)
        if not shallow and Tenant.objects.filter(name=name).exists():
            raise self.validation_error("username_taken")
        return name

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        with transaction.atomic():
            saved: User = super().save_user(request, user, form, commit)
            if commit:
                saved.found_tenant()
        return saved

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Answer 429 when a name was tried too often: with the right password too."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            raise ImmediateHttpResponse(respond_429(request)) if error.code == TOO_MANY else error from None

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return a stand-in for the address, of which its network can be told apart and nothing else."""
        return pseudonym(super().get_client_ip(request))

    def get_http_user_agent(self, request: HttpRequest) -> str:
        return ""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticator apps are stored encrypted; staff can't do without a second factor."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not authenticator.user.is_staff


def pseudonym(address: str) -> str:
    """Return an IPv6 address made of the hash of a network: the same network, the same answer.

    Addresses are counted while somebody guesses passwords, and are not kept.
    """
    network = ipaddress.ip_network(f"{address}/{64 if ':' in address else 32}", strict=False)
    digest = hmac.digest(settings.SECRET_KEY.encode(), str(network).encode(), "sha256")
    return str(ipaddress.IPv6Address(b"\xfd" + digest[:7] + bytes(8)))
