"""`/v1/healthz`, `/v1/readyz`: is it alive, is it fit to trade."""

from __future__ import annotations

from typing import Literal

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from volbal_site import readiness
from volbal_site.problem_texts import PROBLEMS
from volbal_site.problems import PLAIN, plain_problem, problem

router = Router(tags=["health"])


class HealthOut(Schema):
    """It is alive."""

    status: Literal["ok"]


class ReadyOut(Schema):
    """Everything that trading stands on is well."""

    status: Literal["ok"]
    checks: dict[str, Literal["ok"]]


@router.get("/healthz", auth=None, response=HealthOut, summary="Is it alive?")
def healthz(request: HttpRequest) -> HttpResponse | dict[str, str]:
    try:
        readiness.database()
    except (DatabaseError, InterfaceError):
        return plain_problem(request, 503, "There is no database.")
    return {"status": "ok"}


@router.get("/readyz", auth=None, response=ReadyOut, summary="Is it fit to trade?")
def readyz(request: HttpRequest) -> HttpResponse | dict[str, object]:
    faults = readiness.faults()
    if not faults:
        return {"status": "ok", "checks": dict.fromkeys(readiness.CHECKS, "ok")}
    code = PLAIN[503]
    return problem(
        request,
        503,
        code,
        PROBLEMS[code].title,
        "; ".join(f"{name}: {fault}" for name, fault in faults.items()),
        [{"pointer": f"/checks/{name}", "code": code} for name in faults],
    )
