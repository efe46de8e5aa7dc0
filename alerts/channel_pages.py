"""Where alerts are sent: adding an address, trying it, removing it, signing with another secret."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.forms import ConfirmForm
from accounts.models import Role
from accounts.page_access import page, tenant_seen, user_stamp
from accounts.page_forms import ActionForm
from accounts.page_once import Done, form_page
from accounts.shown_once import show_once, shown
from accounts.transactions import read_one
from alerts.addresses import LONGEST_TARGET
from alerts.channels import close_channel, open_channel, renew_secret
from alerts.models import AlertChannel, AlertKind, DeliveryState, Medium, all_kinds
from alerts.signing import webhook_secret
from alerts.trials import send_trial

SECRET = "webhook_secret"  # noqa: S105  the name under which it is shown
MEDIA = (
    (Medium.EMAIL, "E-mail: to an address"),
    (Medium.WEBHOOK, "Webhook: a signed POST to a URL of yours"),
)
LOST = Q(deliveries__state__in=(DeliveryState.UNCLEAR, DeliveryState.GIVEN_UP))


class ChannelForm(ActionForm):
    """How, where, and which alerts."""

    channel = forms.ChoiceField(label="How?", choices=MEDIA, initial=Medium.EMAIL, widget=forms.RadioSelect)
    target = forms.CharField(
        label="Where to?",
        max_length=LONGEST_TARGET,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "you@example.com or https://…"}),
    )
    kinds = forms.MultipleChoiceField(
        label="Which alerts?",
        choices=AlertKind.choices,
        initial=all_kinds,
        widget=forms.CheckboxSelectMultiple,
    )


@page(Role.OWNER)
@require_safe
def alert_channels(request: HttpRequest) -> HttpResponse:
    channels = AlertChannel.objects.filter(tenant=tenant_seen(request)).annotate(
        last=Max("deliveries__delivered_at"), lost=Count("deliveries", filter=LOST)
    )
    context = {
        "channels": [(one, _kinds_in_words(one)) for one in channels.order_by("created_at")],
        "new_secret": shown(request, SECRET),
        "can_mail": settings.EMAIL_CONFIGURED,
    }
    return render(request, "alerts/channels.html", context)


@page(Role.OWNER)
def new_alert_channel(request: HttpRequest) -> HttpResponse:
    def act(said: dict[str, Any]) -> Done:
        channel = open_channel(
            channel=said["channel"],
            target=said["target"],
            kinds=said["kinds"],
            tenant_id=tenant_seen(request).pk,
            stamp=user_stamp(request),
        )
        _show_secret(request, channel)
        return Done(message=f"Alerts go to {channel.target} from now on.", location=_list())

    context = {"can_mail": settings.EMAIL_CONFIGURED}
    return form_page(request, "alerts/new_channel.html", ChannelForm, act, context)


@page(Role.OWNER)
def test_alert_channel(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    channel = _channel(request, channel_id)

    def prepare(said: dict[str, Any]) -> dict[str, Any]:
        send_trial(channel, at=timezone.now())
        return said

    def act(said: dict[str, Any]) -> Done:
        return Done(message=f"A test was taken by {channel.target}.", location=_list())

    return form_page(
        request, "alerts/test_channel.html", ConfirmForm, act, {"channel": channel}, prepare=prepare
    )


@page(Role.OWNER)
def remove_alert_channel(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    channel = _channel(request, channel_id)

    def act(said: dict[str, Any]) -> Done:
        close_channel(channel_id=channel_id, tenant_id=tenant_seen(request).pk)
        return Done(message=f"Nothing is sent to {channel.target} any more.", location=_list())

    return form_page(request, "alerts/remove_channel.html", ConfirmForm, act, {"channel": channel})


@page(Role.OWNER, password_again=True)
def renew_alert_secret(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    channel = _channel(request, channel_id)

    def act(said: dict[str, Any]) -> Done:
        _show_secret(request, renew_secret(channel_id=channel_id, stamp=user_stamp(request)))
        return Done(message="It is signed with a new secret from now on.", location=_list())

    return form_page(request, "alerts/renew_secret.html", ConfirmForm, act, {"channel": channel})


def _channel(request: HttpRequest, channel_id: UUID) -> AlertChannel:
    return read_one(AlertChannel.objects.filter(tenant=tenant_seen(request), pk=channel_id), "channel")


def _show_secret(request: HttpRequest, channel: AlertChannel) -> None:
    if channel.channel == Medium.WEBHOOK:
        show_once(request, SECRET, webhook_secret(channel))


def _kinds_in_words(channel: AlertChannel) -> str:
    if set(channel.kinds) == set(AlertKind.values):
        return "All alerts"
    return ", ".join(AlertKind(kind).label for kind in channel.kinds) or "None"


def _list() -> str:
    return reverse("alert_channels")
