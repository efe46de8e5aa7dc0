"""Addresses of this room's pages."""

from django.urls import path

from orders import account_pages, hand_views, order_actions, order_pages, terms, ticket, views

urlpatterns = [
    path("orders", order_pages.orders, name="orders"),
    path("orders/open", order_pages.orders_open, name="orders_open"),
    path("orders/<uuid:order_id>", order_pages.order, name="order"),
    path("orders/<uuid:order_id>/now", order_pages.order_now, name="order_now"),
    path("differences/<uuid:difference_id>/resolve", order_pages.resolve, name="resolve_difference"),
    path("positions/<uuid:position_id>/anchor", hand_views.set_anchor, name="set_anchor"),
    path("positions/<uuid:position_id>/evaluate", hand_views.evaluate_now, name="evaluate_now"),
    path("positions/<uuid:position_id>/terms", terms.position_terms, name="position_terms"),
    path("positions/<uuid:position_id>/order", ticket.order_ticket, name="order_ticket"),
    path("orders/<uuid:order_id>/cancel", order_actions.cancel_order, name="cancel_order"),
    path("orders/<uuid:order_id>/fill", order_actions.report_fill, name="report_fill"),
    path("settings/broker-accounts", account_pages.broker_accounts, name="broker_accounts"),
    path("settings/broker-accounts/connect", account_pages.connect, name="connect_account"),
    path(
        "settings/broker-accounts/<uuid:connection_id>/confirm",
        account_pages.confirm,
        name="confirm_account",
    ),
    path(
        "settings/broker-accounts/<uuid:connection_id>/disconnect",
        account_pages.disconnect,
        name="disconnect_account",
    ),
    path("trading/stop", views.stop_trading, name="stop_trading"),
    path("trading/resume", views.resume_trading, name="resume_trading"),
]
