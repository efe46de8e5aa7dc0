"""Addresses of this room's pages."""

from django.urls import path

from alerts import alert_pages, channel_pages, views

CHANNEL = "settings/alerts/<uuid:channel_id>/"

urlpatterns = [
    path("alerts", alert_pages.alerts, name="alerts"),
    path("alerts/seen", views.alerts_seen, name="alerts_seen"),
    path("settings/alerts", channel_pages.alert_channels, name="alert_channels"),
    path("settings/alerts/new", channel_pages.new_alert_channel, name="new_alert_channel"),
    path(f"{CHANNEL}test", channel_pages.test_alert_channel, name="test_alert_channel"),
    path(f"{CHANNEL}remove", channel_pages.remove_alert_channel, name="remove_alert_channel"),
    path(f"{CHANNEL}secret", channel_pages.renew_alert_secret, name="renew_alert_secret"),
]
