"""Addresses of this room's pages."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("settings/tenant", views.choose_tenant, name="choose_tenant"),
]
