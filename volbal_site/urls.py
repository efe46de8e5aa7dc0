"""Every address of the site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from volbal_site import problem_pages
from volbal_site.api import api
from volbal_site.metrics import metrics

admin.site.site_header = admin.site.site_title = "Volatility Balancing"
admin.site.login = login_not_required(secure_admin_login(admin.site.login))  # type: ignore[method-assign]

ROOMS = ("accounts", "alerts", "positions", "configs", "market", "orders", "dividends", "simulation")

urlpatterns = [
    path("admin/", admin.site.urls),
    path("v1/", api.urls),
    path("metrics", metrics),
    path("problems/", problem_pages.index, name="problems"),
    path("problems/<slug:code>", problem_pages.page, name="problem"),
    path("account/", include("allauth.urls")),
    path("", include("volbal_site.pages.urls")),
    *(path("", include(f"{room}.urls")) for room in ROOMS),
]

handler400 = "volbal_site.pages.errors.bad_request"
handler403 = "volbal_site.pages.errors.forbidden"
handler404 = "volbal_site.pages.errors.not_found"
handler429 = "volbal_site.pages.errors.too_many"
handler500 = "volbal_site.pages.errors.bug"
