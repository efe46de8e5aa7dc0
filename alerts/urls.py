"""Addresses of this room's pages."""

from django.urls import path

from alerts import views

urlpatterns = [path("alerts/seen", views.alerts_seen, name="alerts_seen")]
