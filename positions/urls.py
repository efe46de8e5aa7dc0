"""Addresses of this room's pages."""

from django.urls import path

from positions import activity_pages

urlpatterns = [
    path("activity", activity_pages.activity_page, name="activity"),
    path("activity/newer", activity_pages.activity_newer, name="activity_newer"),
    path("activity/<uuid:event_id>", activity_pages.event_page, name="event"),
]
