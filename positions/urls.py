"""Addresses of this room's pages."""

from django.urls import path

from positions import activity_pages, views

urlpatterns = [
    path("activity", activity_pages.activity_page, name="activity"),
    path("activity/newer", activity_pages.activity_newer, name="activity_newer"),
    path("activity/<uuid:event_id>", activity_pages.event_page, name="event"),
    path("positions/<uuid:position_id>/deposit", views.deposit, name="deposit"),
    path("positions/<uuid:position_id>/withdraw", views.withdraw, name="withdraw"),
    path("positions/<uuid:position_id>/adjust", views.adjust, name="adjust"),
    path("positions/<uuid:position_id>/pause", views.pause_position, name="pause_position"),
    path("positions/<uuid:position_id>/resume", views.resume_position, name="resume_position"),
    path("positions/<uuid:position_id>/close", views.close_position, name="close_position"),
]
