"""Settings and commission rates, edited by staff through the same services as everywhere.

Nothing is deleted here: an emptied field inherits again, and the row keeps its history.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.csrf import csrf_protect

from accounts.transactions import Stamp, unit_of_work
from configs.history import changes_of
from configs.models import CommissionRate, GuardrailConfig, OrderPolicyConfig, TriggerConfig
from configs.resolver import COMMISSION_RATE
from configs.services import change_commission, change_config, check_commission, check_change
from volbal.errors import VolbalError
from volbal.fields import GROUPS
from volbal.sizing import STRATEGIES


class AuditedForm(forms.ModelForm):
    """A form that asks the service, once the fields are right one by one, whether the change may be made."""

    def _post_clean(self) -> None:
        super()._post_clean()
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
        return {
            "group": self.group,
            "scope": self.instance.scope,
            "tenant_id": self.instance.tenant_id,
            "position_id": self.instance.position_id,
            "values": {name: self.cleaned_data[name] for name in GROUPS[self.group]},
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
