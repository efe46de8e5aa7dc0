"""Addresses of the pages that show several rooms together."""

from django.urls import path

from volbal_site.pages import analytics, decision, downloads, health, overview, position, run_files, views
from volbal_site.pages.position_panels import PANELS

CELL = "positions/<uuid:position_id>/"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("settings/", views.settings_home, name="settings"),
    path("situation", views.situation, name="situation"),
    path("live", overview.overview_live, name="overview_live"),
    path("notice", views.chart_notice, name="chart_notice"),
    path("theme", views.choose_theme, name="choose_theme"),
    path(CELL, position.position, name="position"),
    path(f"{CELL}now", position.position_now, name="position_now"),
    path(f"{CELL}chart", position.position_chart, name="position_chart"),
    path(f"{CELL}prices", position.position_prices, name="position_prices"),
    path(f"{CELL}timeline", position.position_timeline, name="position_timeline"),
    path(f"{CELL}what-if", position.what_if, name="what_if"),
    *(
        path(f"{CELL}{panel}", position.position_panel, {"panel": panel}, name=f"position_{panel}")
        for panel in PANELS
    ),
    path("decisions/<uuid:event_id>/", decision.decision, name="decision"),
    path("health", health.health, name="health"),
    path("health/now", health.health_now, name="health_now"),
    path("analytics", analytics.analytics, name="analytics"),
    path("analytics/figures", analytics.analytics_figures, name="analytics_figures"),
    *downloads.addresses(),
    path(
        "simulations/<uuid:simulation_id>/files/<slug:table>",
        run_files.simulation_file,
        name="simulation_file",
    ),
    path(
        "simulations/optimizations/<uuid:optimization_id>/file",
        run_files.optimization_file,
        name="optimization_file",
    ),
]
