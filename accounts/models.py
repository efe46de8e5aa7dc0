"""Who may do what: users, the tenants they work for, and their roles there."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models, transaction


class Role(models.TextChoices):
    """What a member may do: see, trade, or configure and invite."""

    VIEWER = "viewer"
    TRADER = "trader"
    OWNER = "owner"


class UserManager(DjangoUserManager["User"]):
    """Creates users together with the tenant that bears their name."""

    def create_user(self, username: str, *args: Any, **kwargs: Any) -> User:
        """Create a user who owns a new tenant. Raises IntegrityError if either name is taken."""
        with transaction.atomic():
            user = super().create_user(username, *args, **kwargs)
            user.found_tenant()
        return user

    def create_superuser(self, username: str, *args: Any, **kwargs: Any) -> User:
        """Create a member of staff who owns a new tenant."""
        with transaction.atomic():
            user = super().create_superuser(username, *args, **kwargs)
            user.found_tenant()
        return user


class User(AbstractUser):
    """A person who logs in. Nothing personal is kept but login name and e-mail."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    objects: ClassVar[UserManager] = UserManager()

    def found_tenant(self) -> Tenant:
        """Create the tenant that bears this user's name, owned by them."""
        tenant = Tenant.objects.create(name=self.username)
        Membership.objects.create(user=self, tenant=tenant, role=Role.OWNER)
        return tenant

    def get_full_name(self) -> str:
        return self.username

    def get_short_name(self) -> str:
        return self.username


class Tenant(models.Model):
    """Whose money it is. Owns positions, settings and keys; `positions_opened` numbers them for good."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=150, unique=True)
    positions_opened = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One user's role at one tenant."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "tenant"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.tenant}"
