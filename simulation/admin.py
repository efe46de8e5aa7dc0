"""Replays, to look at."""

from django.contrib import admin

from accounts.read_only_admin import ReadOnlyAdmin
from simulation.models import DrivenCell, ReplayRun


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
