"""Every address of the site."""

from django.contrib import admin
from django.urls import path

from volbal_site import problem_pages
from volbal_site.api import api
from volbal_site.metrics import metrics

admin.site.site_header = admin.site.site_title = "Volatility Balancing"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("v1/", api.urls),
    path("metrics", metrics),
    path("problems/", problem_pages.index, name="problems"),
    path("problems/<slug:code>", problem_pages.page, name="problem"),
]
