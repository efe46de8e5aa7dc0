"""How answers of the API leave: the same JSON, whoever writes it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja.renderers import BaseRenderer
from ninja.responses import NinjaJSONEncoder


class JsonRenderer(BaseRenderer):
    """Writes JSON as `accounts.api_types.as_json` does: no blanks, times to the microsecond."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> str:
        """Return the text of an answer."""
        return json.dumps(data, cls=_Encoder, separators=(",", ":"), ensure_ascii=False)


class _Encoder(NinjaJSONEncoder):
    def default(self, o: Any) -> Any:
        return o.isoformat().replace("+00:00", "Z") if isinstance(o, datetime) else super().default(o)
