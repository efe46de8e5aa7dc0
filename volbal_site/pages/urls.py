"""Addresses of the pages that show several rooms together."""

from django.urls import path

from volbal_site.pages import downloads, overview, views

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("situation", views.situation, name="situation"),
    path("notice", views.chart_notice, name="chart_notice"),
    path("theme", views.choose_theme, name="choose_theme"),
    *downloads.addresses(),
]
