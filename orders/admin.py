"""Orders and trades, to look at; the kill switches, to turn."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from accounts.read_only_admin import ReadOnlyAdmin
from accounts.service_admin import ServiceAdmin, staff_stamp
from orders.connection_models import BrokerConnection
from orders.differences import LONGEST_REASON as LONGEST_RESOLUTION
from orders.differences import resolve_difference
from orders.models import BrokerDifference, Order, Trade, TradingState, TradingSwitch
from orders.sends import wait_after_turn
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

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer, when a switch was turned, only after what was on its way to a broker has arrived."""
        response = super().changeform_view(request, *args, **kwargs)
        turned: TradingSwitch | None = getattr(request, "turned_switch", None)
        if turned is not None:
            owner = {"tenant_id": turned.tenant_id, "position_id": turned.position_id}
            wait_after_turn(TradingState(turned.state), **owner)
        return response

    def save_model(self, request: HttpRequest, obj: TradingSwitch, form: Any, change: bool) -> None:
        request.turned_switch = obj  # type: ignore[attr-defined]
        obj.pk = turn(
            TradingState(form.cleaned_data["state"]),
            reason=form.cleaned_data["reason"],
            tenant_id=obj.tenant_id,
            position_id=obj.position_id,
            stamp=staff_stamp(request),
        ).pk


class ResolutionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A difference is resolved with a reason."""

    resolution = forms.CharField(max_length=LONGEST_RESOLUTION, label="what it was about")

    class Meta:
        model = BrokerDifference
        fields = ("resolution",)

    def clean_resolution(self) -> str:
        try:
            return read_text(self.cleaned_data["resolution"], longest=LONGEST_RESOLUTION, field="resolution")
        except OutOfRange as error:
            raise ValidationError(error.detail) from None


@admin.register(BrokerDifference)
class BrokerDifferenceAdmin(ServiceAdmin):
    """What brokers say and the books don't: found by the system, explained by a person, changed by nobody."""

    form = ResolutionForm
    list_display = ("found_at", "broker", "kind", "subject", "position", "resolved_at", "resolved_by")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "broker", "kind")
    list_select_related = ("position",)
    search_fields = ("subject", "position__ticker")
    ordering = ("-found_at",)
    readonly_fields = ("broker", "kind", "subject", "tenant", "position", "facts", "found_at")
    fields = (*readonly_fields, "resolution", "resolved_at", "resolved_by")

    def get_readonly_fields(
        self, request: HttpRequest, obj: BrokerDifference | None = None
    ) -> tuple[str, ...]:
        return (*self.readonly_fields, "resolved_at", "resolved_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: BrokerDifference | None = None) -> bool:
        is_resolved = obj is not None and obj.resolved_at is not None
        return super().has_change_permission(request, obj) and not is_resolved

    def save_model(self, request: HttpRequest, obj: BrokerDifference, form: Any, change: bool) -> None:
        reason = form.cleaned_data["resolution"]
        resolve_difference(difference_id=obj.pk, reason=reason, stamp=staff_stamp(request))


@admin.register(BrokerConnection)
class BrokerConnectionAdmin(ReadOnlyAdmin):
    """Which accounts are connected, and who let them be; never how one gets in."""

    list_display = ("connected_at", "tenant", "broker", "environment", "account_number", "confirmed_at")
    list_filter = ("broker", "environment")
    list_select_related = ("tenant",)
    ordering = ("-connected_at",)
    exclude = ("credentials",)
