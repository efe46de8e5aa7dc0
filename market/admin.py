"""What is stored of the market, to look at."""

from django.contrib import admin

from accounts.read_only_admin import ReadOnlyAdmin
from market.models import Bar, HostBreaker, KnownStep, Quote, ReplayClock


@admin.register(Bar)
class BarAdmin(ReadOnlyAdmin):
    list_display = ("ticker", "date", "open", "high", "low", "close", "volume")
    list_filter = ("ticker",)
    date_hierarchy = "date"
    ordering = ("ticker", "-date")


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    list_display = ("ticker", "provider", "price", "as_of", "doubt_gate", "doubt_price", "doubt_as_of")
    list_filter = ("provider", "doubt_gate")
    search_fields = ("ticker",)


@admin.register(KnownStep)
class KnownStepAdmin(ReadOnlyAdmin):
    list_display = ("ticker", "date", "new_shares", "old_shares", "dps", "owner")
    search_fields = ("ticker",)


@admin.register(HostBreaker)
class HostBreakerAdmin(ReadOnlyAdmin):
    list_display = ("host", "failures", "open_until")


@admin.register(ReplayClock)
class ReplayClockAdmin(ReadOnlyAdmin):
    list_display = ("day", "run", "pace_s", "is_running", "is_finished")
