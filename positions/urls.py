"""Addresses of this room's pages."""

from django.urls import path

from positions import views

urlpatterns = [
    path("positions/<uuid:position_id>/deposit", views.deposit, name="deposit"),
    path("positions/<uuid:position_id>/withdraw", views.withdraw, name="withdraw"),
    path("positions/<uuid:position_id>/adjust", views.adjust, name="adjust"),
    path("positions/<uuid:position_id>/pause", views.pause_position, name="pause_position"),
    path("positions/<uuid:position_id>/resume", views.resume_position, name="resume_position"),
    path("positions/<uuid:position_id>/close", views.close_position, name="close_position"),
]
