"""Corporate actions and what they did, to look at."""

from django.contrib import admin

from accounts.read_only_admin import ReadOnlyAdmin
from dividends.models import Dividend, Receivable, Split, SplitApplication


@admin.register(Dividend)
class DividendAdmin(ReadOnlyAdmin):
    list_display = ("ticker", "ex_date", "pay_date", "dps", "owner")
    list_filter = ("ticker",)
    date_hierarchy = "ex_date"
    ordering = ("-ex_date", "ticker")


@admin.register(Split)
class SplitAdmin(ReadOnlyAdmin):
    list_display = ("ticker", "date", "new_shares", "old_shares", "owner")
    list_filter = ("ticker",)
    ordering = ("-date", "ticker")


@admin.register(Receivable)
class ReceivableAdmin(ReadOnlyAdmin):
    list_display = ("position", "ex_date", "shares", "gross", "tax", "amount", "status", "paid_at")
    list_filter = ("status",)
    list_select_related = ("position",)
    ordering = ("-ex_date",)


@admin.register(SplitApplication)
class SplitApplicationAdmin(ReadOnlyAdmin):
    list_display = ("position", "split", "date")
    list_select_related = ("position", "split")
    ordering = ("-date",)
