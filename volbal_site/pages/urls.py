"""Addresses of the pages that show several rooms together."""

from django.urls import path

from volbal_site.pages import overview, views

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("settings/", views.settings_home, name="settings"),
    path("situation", views.situation, name="situation"),
    path("live", overview.overview_live, name="overview_live"),
    path("notice", views.chart_notice, name="chart_notice"),
    path("theme", views.choose_theme, name="choose_theme"),
]
