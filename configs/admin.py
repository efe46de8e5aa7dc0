"""Settings and commission rates, edited by staff through the same services as everywhere.

Nothing is deleted here: an emptied field inherits again, and the row keeps its history.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.service_admin import ServiceAdmin, staff_stamp
from configs.history import changes_of
from configs.models import (
    CommissionRate,
    GuardrailConfig,
    OrderPolicyConfig,
    Scope,
    SettingRow,
    TriggerConfig,
)
from configs.resolver import as_public, effective_config
from configs.rows import COMMISSION_RATE
from configs.services import change_commission, change_config, check_change, check_commission
from volbal.errors import VolbalError
from volbal.fields import GROUPS
from volbal.sizing import STRATEGIES


class AuditedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that asks the service, once the fields are right one by one, whether the change may be made."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            self.check_with_service()
        except VolbalError as refusal:
            self.add_error(None, ValidationError(refusal.detail, code=refusal.code))

    def check_with_service(self) -> None:
        """Raise what the service would raise."""
        raise NotImplementedError


class SettingForm(AuditedForm):
    """One scope's row of one group."""

    group: ClassVar[str]

    def check_with_service(self) -> None:
        check_change(**self.change())

    def change(self) -> dict[str, Any]:
        """Return what the service is asked for."""
        cleaned = self.cleaned_data
        return {
            "group": self.group,
            "scope": self.instance.scope,
            "tenant_id": self.instance.tenant_id,
            "position_id": self.instance.position_id,
            "values": {name: cleaned[name] for name in GROUPS[self.group] if name in cleaned},
        }


class TriggerForm(SettingForm):
    group = "trigger"


class GuardrailForm(SettingForm):
    group = "guardrail"


class OrderPolicyForm(SettingForm):
    group = "order_policy"
    order_sizing_strategy = forms.TypedChoiceField(
        required=False,
        empty_value=None,
        choices=lambda: [("", "---------"), *((name, name) for name in sorted(STRATEGIES))],
    )


class CommissionForm(AuditedForm):
    """One scope's commission rate."""

    def check_with_service(self) -> None:
        check_commission(**self.change())

    def change(self) -> dict[str, Any]:
        """Return what the service is asked for."""
        return {
            "scope": self.instance.scope,
            "tenant_id": self.instance.tenant_id,
            "ticker": self.instance.ticker,
            "rate": self.cleaned_data["rate"],
        }


class AuditedAdmin(ServiceAdmin):
    """Rows that the services write; whose a row is never changes."""

    owner_fields: tuple[str, ...]
    list_filter = ("scope",)
    list_select_related: ClassVar[tuple[str, ...]] = ("tenant",)
    autocomplete_fields: ClassVar[tuple[str, ...]] = ("tenant",)

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        told = ("created_at", "updated_at", "history")
        return told if obj is None else (*self.owner_fields, *told)

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        settings = [name for name in self.setting_fields() if not self.is_hidden(name, obj)]
        sections = [(None, {"fields": self.owner_fields}), ("Settings", {"fields": settings})]
        if obj is not None:
            sections.append(("History", {"fields": ("history", "created_at", "updated_at")}))
        return sections

    def setting_fields(self) -> tuple[str, ...]:
        """Return the fields that a form of this kind sets."""
        raise NotImplementedError

    def is_hidden(self, name: str, obj: Any) -> bool:
        """Say whether a field does not exist at this row's scope."""
        return False

    @admin.display(description="changes")
    def history(self, row: models.Model) -> str:
        return _history_table(row)


class SettingAdmin(AuditedAdmin):
    """One group of settings; empty inherits."""

    form: type[SettingForm]
    owner_fields = ("scope", "tenant", "position")
    autocomplete_fields = ("tenant", "position")
    list_select_related = ("tenant", "position")
    search_fields = ("tenant__name", "position__ticker", "position__tenant__name")

    def setting_fields(self) -> tuple[str, ...]:
        return tuple(GROUPS[self.form.group])

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "in_effect")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        sections = super().get_fieldsets(request, obj)
        if obj is not None and obj.scope == Scope.POSITION:
            sections.insert(2, ("In effect", {"fields": ("in_effect",)}))
        return sections

    @admin.display(description="values and where they come from")
    def in_effect(self, row: SettingRow) -> str:
        """Show what holds for the position once everything is inherited."""
        public = as_public(effective_config(row.position))[self.form.group] if row.position else {}
        lines = ((name, told["value"], told["scope"]) for name, told in public.items())
        return format_html_join("", "<div>{} = {} ({})</div>", lines)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return ("__str__", *self.setting_fields(), "updated_at")

    def save_model(self, request: HttpRequest, obj: SettingRow, form: SettingForm, change: bool) -> None:
        obj.pk = change_config(**form.change(), stamp=staff_stamp(request)).pk


@admin.register(TriggerConfig)
class TriggerConfigAdmin(SettingAdmin):
    form = TriggerForm


@admin.register(GuardrailConfig)
class GuardrailConfigAdmin(SettingAdmin):
    form = GuardrailForm


@admin.register(OrderPolicyConfig)
class OrderPolicyConfigAdmin(SettingAdmin):
    form = OrderPolicyForm

    def is_hidden(self, name: str, obj: Any) -> bool:
        return name == COMMISSION_RATE and obj is not None and obj.scope != Scope.POSITION


@admin.register(CommissionRate)
class CommissionRateAdmin(AuditedAdmin):
    form = CommissionForm
    owner_fields = ("scope", "tenant", "ticker")
    list_display = ("__str__", "rate", "updated_at")
    search_fields = ("tenant__name", "ticker")

    def setting_fields(self) -> tuple[str, ...]:
        return ("rate",)

    def save_model(
        self, request: HttpRequest, obj: CommissionRate, form: CommissionForm, change: bool
    ) -> None:
        obj.pk = change_commission(**form.change(), stamp=staff_stamp(request)).pk


def _history_table(row: Any) -> SafeString:
    changes = (
        (change.at.strftime("%Y-%m-%d %H:%M:%S"), change.actor, _lines(change.before), _lines(change.after))
        for change in changes_of(row)
    )
    lines = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", changes)
    head = "<table><thead><tr><th>When (UTC)</th><th>Who</th><th>Before</th><th>After</th></tr></thead>"
    return format_html(head + "<tbody>{}</tbody></table>", lines) if lines else SafeString("No changes yet.")


def _lines(facts: dict[str, Any]) -> SafeString:
    named = ((name, "inherits" if value is None else value) for name, value in facts.items())
    return format_html_join("", "<div>{} = {}</div>", named)
