"""Replays, to look at."""

from django.contrib import admin

from accounts.read_only_admin import ReadOnlyAdmin
from simulation.models import ReplayRun


@admin.register(ReplayRun)
class ReplayRunAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "position", "last_date", "options")
    list_select_related = ("position",)
    ordering = ("-created_at",)
