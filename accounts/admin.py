from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from accounts.models import ApiKey, Membership, Tenant, User
from accounts.read_only_admin import ReadOnlyAdmin


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0


@admin.register(User)
class VolbalUserAdmin(UserAdmin):  # type: ignore[type-arg]
    """Users have a login name and an e-mail address, nothing else of a person's."""

    list_display = ("username", "email", "is_staff", "is_active")
    search_fields = ("username", "email")
    fieldsets = (
        (None, {"fields": ("username", "password", "email")}),
        ("Permissions", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: object, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            obj.found_tenant()


@admin.register(Tenant)
class TenantAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "positions_opened", "created_at")
    search_fields = ("name",)
    inlines = (MembershipInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Tenant | None = None) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Whose keys there are and what they may do; neither secrets nor their hashes."""

    list_display = ("id", "tenant", "name", "may", "created_at", "created_by", "revoked_at", "revoked_by")
    list_filter = ("may_read", "may_trade", "may_broker", "may_admin")
    list_select_related = ("tenant",)
    search_fields = ("id", "name", "tenant__name")
    ordering = ("-created_at",)
    exclude = ("secret_hash",)

    @admin.display(description="scopes")
    def may(self, key: ApiKey) -> str:
        return ", ".join(sorted(key.scopes))
