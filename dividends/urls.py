"""Addresses of this room's pages."""

from django.urls import path

from dividends import action_pages, views

urlpatterns = [
    path("dividends", views.dividends, name="dividends"),
    path("dividends/announce", action_pages.announce_dividend_page, name="announce_dividend"),
    path("dividends/split", action_pages.announce_split_page, name="announce_split"),
    path("dividends/<uuid:dividend_id>/pay", action_pages.pay_dividend_page, name="pay_dividend"),
]
