"""Addresses of this room's pages."""

from django.urls import path

from orders import order_pages, views

urlpatterns = [
    path("orders", order_pages.orders, name="orders"),
    path("orders/open", order_pages.orders_open, name="orders_open"),
    path("orders/<uuid:order_id>", order_pages.order, name="order"),
    path("orders/<uuid:order_id>/now", order_pages.order_now, name="order_now"),
    path("differences/<uuid:difference_id>/resolve", order_pages.resolve, name="resolve_difference"),
    path("trading/stop", views.stop_trading, name="stop_trading"),
    path("trading/resume", views.resume_trading, name="resume_trading"),
]
