"""Replays, simulations and optimizations, to look at."""

from django.contrib import admin

from accounts.read_only_admin import ReadOnlyAdmin
from simulation.models import CellValues, DrivenCell, Optimization, ReplayRun, Simulation


@admin.register(ReplayRun)
class ReplayRunAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "position", "last_date", "options")
    list_select_related = ("position",)
    ordering = ("-created_at",)


@admin.register(DrivenCell)
class DrivenCellAdmin(ReadOnlyAdmin):
    list_display = ("position", "run", "done_date")
    list_select_related = ("position",)
    ordering = ("-run", "position__tenant__name", "position__number")


@admin.register(Simulation, Optimization)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "tenant", "ticker", "first_date", "last_date", "status", "done", "total")
    list_select_related = ("tenant",)
    ordering = ("-created_at",)


@admin.register(CellValues)
class CellValuesAdmin(ReadOnlyAdmin):
    list_display = ("position", "tenant", "event_seq", "journal_seq", "closed_event_seq")
    list_select_related = ("position", "tenant")
    ordering = ("tenant__name", "position__number")
