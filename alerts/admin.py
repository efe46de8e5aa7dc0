"""Alerts and what became of them, to look at; channels, to edit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from accounts.read_only_admin import ReadOnlyAdmin
from accounts.service_admin import staff_stamp
from accounts.transactions import unit_of_work
from alerts.addresses import read_target
from alerts.claims import send_again
from alerts.models import Alert, AlertChannel, AlertDelivery, AlertKind, AlertQuerySet, Medium
from alerts.signing import webhook_secret
from volbal.errors import VolbalError


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "label", "message", "tenant", "cleared_at", "seen_at", "is_replayed")
    list_filter = ("kind", "is_replayed")
    list_select_related = ("tenant",)
    search_fields = ("label", "message", "tenant__name", "position_id")
    date_hierarchy = "at"
    ordering = ("-created_at",)


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Where alerts are sent, and which."""

    kinds = forms.MultipleChoiceField(choices=AlertKind.choices, widget=forms.CheckboxSelectMultiple)
    new_secret = forms.BooleanField(
        required=False, help_text="Sign with a new secret, which is shown once after saving."
    )

    class Meta:
        model = AlertChannel
        fields = ("tenant", "channel", "target", "kinds", "is_active")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if "channel" in cleaned and "target" in cleaned:
            try:
                read_target(cleaned["channel"], cleaned["target"])
            except VolbalError as error:
                raise ValidationError({"target": error.detail}) from None
        return cleaned


@admin.register(AlertChannel)
class AlertChannelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A webhook's secret is shown when it is made, and can be made anew."""

    form = ChannelForm
    list_display = ("channel", "target", "tenant", "is_active", "created_at", "changed_by")
    list_filter = ("channel", "is_active")
    list_select_related = ("tenant",)
    search_fields = ("target", "tenant__name")
    autocomplete_fields = ("tenant",)

    def save_model(self, request: HttpRequest, obj: AlertChannel, form: Any, change: bool) -> None:
        obj.changed_by = staff_stamp(request).actor
        is_new = not change or form.cleaned_data["new_secret"]
        if change and form.cleaned_data["new_secret"]:
            obj.secret_number += 1
        super().save_model(request, obj, form, change)
        if is_new and obj.channel == Medium.WEBHOOK:
            messages.warning(request, f"The secret that signs it, shown once: {webhook_secret(obj)}")


@admin.register(AlertDelivery)
class AlertDeliveryAdmin(ReadOnlyAdmin):
    actions = ("try_again",)  # type: ignore[assignment]
    list_display = ("alert", "channel", "target", "state", "attempts", "next_try_at", "last_error")
    list_filter = ("state", "channel")
    list_select_related = ("alert",)
    search_fields = ("target", "alert__label")
    ordering = ("-next_try_at",)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("alerts.change_alertdelivery")

    @admin.action(description="Send again what is unclear or given up", permissions=["send"])
    def try_again(self, request: HttpRequest, queryset: AlertQuerySet) -> None:
        with unit_of_work():
            count = send_again(list(queryset.values_list("pk", flat=True)), timezone.now())
        messages.success(request, f"{count} to be sent again.")
