"""Addresses of this room's pages."""

from django.urls import path

from simulation import compare_page, opening, optimization_pages, run_pages, use_pages

RUN = "simulations/<uuid:simulation_id>/"
GRID = "simulations/optimizations/<uuid:optimization_id>/"
CELL = "positions/<uuid:position_id>/"

urlpatterns = [
    path("positions/new", opening.new_position, name="new_position"),
    path("simulations/", run_pages.simulations, name="simulation"),
    path("simulations/new", run_pages.new_simulation, name="new_simulation"),
    path(f"{CELL}simulate", run_pages.new_simulation, name="simulate_position"),
    path("simulations/compare", compare_page.compare_simulations, name="compare_simulations"),
    path(RUN, run_pages.simulation_run, name="simulation_run"),
    path(f"{RUN}now", run_pages.simulation_now, name="simulation_now"),
    path(f"{RUN}chart", run_pages.simulation_chart, name="simulation_chart"),
    path(f"{RUN}cancel", run_pages.end_simulation, name="cancel_simulation"),
    path("simulations/optimizations/new", optimization_pages.new_optimization, name="new_optimization"),
    path(f"{CELL}optimize", optimization_pages.new_optimization, name="optimize_position"),
    path(GRID, optimization_pages.optimization, name="optimization"),
    path(f"{GRID}now", optimization_pages.optimization_now, name="optimization_now"),
    path(f"{GRID}cancel", optimization_pages.end_optimization, name="cancel_optimization"),
    path(f"{GRID}use/<int:number>", use_pages.use_trial, name="use_trial"),
]
