"""Orders and trades, to look at; the kill switches, to turn."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.read_only_admin import ReadOnlyAdmin
from accounts.service_admin import ServiceAdmin, staff_stamp
from orders.models import Order, Trade, TradingState, TradingSwitch
from orders.switches import LONGEST_REASON, turn
from volbal.errors import OutOfRange
from volbal.fields import read_text


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "position",
        "side",
        "qty",
        "price",
        "status",
        "reason",
        "filled_qty",
        "broker",
    )
    list_filter = ("status", "side", "broker", "reason")
    list_select_related = ("position",)
    search_fields = ("client_order_id", "position__ticker")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(Trade)
class TradeAdmin(ReadOnlyAdmin):
    list_display = ("executed_at", "position", "side", "qty", "price", "commission", "broker", "execution_id")
    list_filter = ("side", "broker")
    list_select_related = ("position",)
    search_fields = ("execution_id", "position__ticker")
    date_hierarchy = "executed_at"
    ordering = ("-executed_at",)


class SwitchForm(forms.ModelForm):  # type: ignore[type-arg]
    """A switch is turned with a reason."""

    class Meta:
        model = TradingSwitch
        fields = ("scope", "tenant", "position", "state", "reason")

    def clean_reason(self) -> str:
        try:
            return read_text(self.cleaned_data["reason"], longest=LONGEST_REASON, field="reason")
        except OutOfRange as error:
            raise ValidationError(error.detail) from None


@admin.register(TradingSwitch)
class TradingSwitchAdmin(ServiceAdmin):
    """Turned through the service that commands and the API use; never deleted."""

    form = SwitchForm
    list_display = ("__str__", "tenant", "position", "reason", "actor", "changed_at")
    list_select_related = ("tenant", "position")
    list_filter = ("state", "scope")
    autocomplete_fields = ("tenant", "position")

    def get_readonly_fields(self, request: HttpRequest, obj: TradingSwitch | None = None) -> tuple[str, ...]:
        return () if obj is None else ("scope", "tenant", "position", "actor", "changed_at")

    def save_model(self, request: HttpRequest, obj: TradingSwitch, form: Any, change: bool) -> None:
        obj.pk = turn(
            TradingState(form.cleaned_data["state"]),
            reason=form.cleaned_data["reason"],
            tenant_id=obj.tenant_id,
            position_id=obj.position_id,
            stamp=staff_stamp(request),
        ).pk
