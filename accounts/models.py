"""Who may do what: users, the tenants they work for, their roles, the keys and the requests of programs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models, transaction
from django.db.models import Q

from accounts.prepared import Prepared, Slot

_BY_KEY: Prepared[User] = Prepared(lambda: User.objects.filter(pk=Slot("pk", models.BigIntegerField())))


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

    def get(self, *args: Any, **kwargs: Any) -> User:
        """Read one user; by the key alone, as every request of somebody who is logged in does, at less cost.

        Raises DoesNotExist.
        """
        if args or set(kwargs) != {"pk"}:
            return super().get(*args, **kwargs)
        user = _BY_KEY.first(pk=kwargs["pk"])
        if user is None:
            raise User.DoesNotExist
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


class Invitation(models.Model):
    """An offer to join a tenant in a role, to whoever has the link, until it is used, withdrawn or too old.

    The link's secret is stored as a hash. Kept after its use: it tells who let whom in.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices)
    note = models.CharField(max_length=100, blank=True)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by="")
                | Q(accepted_at__isnull=False, accepted_by__gt=""),
                name="invitation_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by="")
                | Q(withdrawn_at__isnull=False, withdrawn_by__gt=""),
                name="invitation_withdrawn_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="invitation_accepted_or_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.tenant}"

    def is_open(self, at: datetime) -> bool:
        """Return whether it can still be accepted at the aware moment `at`."""
        return self.accepted_at is None and self.withdrawn_at is None and at < self.expires_at


class Scope(models.TextChoices):
    """What a key may be used for. No scope implies another."""

    READ = "read"
    TRADE = "trade"
    BROKER = "broker"
    ADMIN = "admin"


class ApiKey(models.Model):
    """One key a program calls with: its public id, and the hash of a secret that was shown once.

    Keys are revoked, never deleted: history names who acted by the key's id. Their use is not tracked.
    """

    id = models.CharField(primary_key=True, max_length=16, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=100, blank=True)
    secret_hash = models.CharField(max_length=64, editable=False)
    may_read = models.BooleanField(default=False)
    may_trade = models.BooleanField(default=False)
    may_broker = models.BooleanField(default=False)
    may_admin = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                condition=Q(may_read=True) | Q(may_trade=True) | Q(may_broker=True) | Q(may_admin=True),
                name="api_key_has_a_scope",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by="")
                | Q(revoked_at__isnull=False, revoked_by__gt=""),
                name="api_key_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"vb_{self.id} of {self.tenant}"

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes this key has, as plain words."""
        return frozenset(scope.value for scope in Scope if getattr(self, f"may_{scope.value}"))


class IdempotencyRecord(models.Model):
    """One request made under a key of the client's, and what it was answered.

    `status` is null while the request runs, which nobody but itself ever sees. A pruned row keeps its key and
    loses its body; a row that is `keep_forever` can't be pruned.
    """

    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="idempotency_records", db_index=False
    )
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    route = models.CharField(max_length=200, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(null=True)
    headers = models.JSONField(default=dict)
    keep_forever = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="idempotency_key_once"),
            models.CheckConstraint(
                condition=Q(status__isnull=True) | Q(status__gte=200, status__lt=500),
                name="idempotency_status_is_an_answer",
            ),
            models.CheckConstraint(
                condition=Q(status__isnull=True) | Q(body__isnull=False) | Q(keep_forever=False),
                name="idempotency_kept_for_ever",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(keep_forever=False, body__isnull=False),
                name="idempotency_prunable",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.tenant}"
