"""Addresses of this room's pages."""

from django.urls import path

from orders import views

urlpatterns = [
    path("trading/stop", views.stop_trading, name="stop_trading"),
    path("trading/resume", views.resume_trading, name="resume_trading"),
]
