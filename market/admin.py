"""Imported bars, to look at."""

from django.contrib import admin

from accounts.read_only_admin import ReadOnlyAdmin
from market.models import Bar


@admin.register(Bar)
class BarAdmin(ReadOnlyAdmin):
    list_display = ("ticker", "date", "open", "high", "low", "close", "volume")
    list_filter = ("ticker",)
    date_hierarchy = "date"
    ordering = ("ticker", "-date")
