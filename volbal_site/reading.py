"""How a request to the API is read: nothing twice, nothing that no call asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.operation import Operation
from ninja.parser import Parser

from volbal import strict_json
from volbal.errors import OutOfRange, UnknownField

LONGEST_NAME = 60


class StrictParser(Parser):
    """Reads bodies with the core's reader: numbers as text, no NaN, no key twice, no depth."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body. Raises MalformedJson."""
        return strict_json.loads(request.body)

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """Return the parameters. Raises OutOfRange for one that is given twice: which one was meant?"""
        for name, values in data.lists():
            if len(values) > 1 and name not in list_fields:
                raise OutOfRange(f"{name[:LONGEST_NAME]}: given more than once.", field=name[:LONGEST_NAME])
        return super().parse_querydict(data, list_fields, request)


def only_what_is_asked(view: Callable[..., Any]) -> Callable[..., Any]:
    """Make a view refuse query parameters that it doesn't know, and a body if it takes none.

    Runs after the key is known and the parameters are read. A misspelt parameter that is ignored can cost
    money: `evaluate?pirce=150` would trade on the market. Health checks, which ask for no key, don't mind.
    """
    operation: Operation = view._ninja_operation  # type: ignore[attr-defined]
    known, takes_body = _parameters(operation), _takes_body(operation)

    @wraps(view)
    def strict(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        for name in request.GET:
            if name not in known:
                field = name[:LONGEST_NAME]
                raise UnknownField(f"{field}: this call has no such parameter.", field=field)
        if not takes_body and request.body:
            _require_empty(strict_json.loads(request.body))
        return view(request, *args, **kwargs)

    return strict if operation.auth_param else view


def _parameters(operation: Operation) -> frozenset[str]:
    names: set[str] = set()
    for model in operation.models:
        if model.__ninja_param_source__ == "query":
            names.update(getattr(model, "__ninja_flatten_map__", model.model_fields))
    return frozenset(names)


def _takes_body(operation: Operation) -> bool:
    return any(model.__ninja_param_source__ == "body" for model in operation.models)


def _require_empty(body: Any) -> None:
    if body:
        raise UnknownField("This call takes no body; what it needs goes into the query.")
