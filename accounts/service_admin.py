"""Admin pages of rows that only services write."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.transactions import Stamp, unit_of_work


class ServiceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nothing is deleted, and a POST is one unit of work, in which `save_model` calls the service."""

    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Answer a POST inside one unit of work, which Django's own transaction then is a part of."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        with unit_of_work():
            return super().changeform_view(request, object_id, form_url, extra_context)


def staff_stamp(request: HttpRequest) -> Stamp:
    """Return now, the name of who is logged in, and the request's id."""
    return Stamp(
        at=timezone.now(),
        actor=request.user.get_username(),
        request_id=getattr(request, "request_id", ""),
    )
