"""Orders and trades, to look at."""

from django.contrib import admin

from accounts.read_only_admin import ReadOnlyAdmin
from orders.models import Order, Trade


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "position",
        "side",
        "qty",
        "price",
        "status",
        "reason",
        "filled_qty",
        "broker",
    )
    list_filter = ("status", "side", "broker", "reason")
    list_select_related = ("position",)
    search_fields = ("client_order_id", "position__ticker")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


@admin.register(Trade)
class TradeAdmin(ReadOnlyAdmin):
    list_display = ("executed_at", "position", "side", "qty", "price", "commission", "broker", "execution_id")
    list_filter = ("side", "broker")
    list_select_related = ("position",)
    search_fields = ("execution_id", "position__ticker")
    date_hierarchy = "executed_at"
    ordering = ("-executed_at",)
