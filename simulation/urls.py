"""Addresses of this room's pages."""

from django.urls import path

from simulation import opening

urlpatterns = [
    path("positions/new", opening.new_position, name="new_position"),
]
