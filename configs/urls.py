"""Addresses of this room's pages."""

from django.urls import path

from configs import views

urlpatterns = [
    path("positions/<uuid:position_id>/settings", views.position_settings, name="position_settings"),
    path("settings/configuration", views.tenant_config, name="tenant_config"),
    path("settings/commissions", views.commissions, name="commissions"),
]
