"""How the log is written: a line of JSON for machines, or a readable one for a person at a terminal.

Read by the settings, so it imports nothing of Django's.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import structlog
from structlog.typing import Processor

# A key may stand in a traceback or a library's message; its public id is enough to find it.
SECRET = re.compile(r"(vb_[0-9a-f]{16}_)[0-9a-f]{64}")

BEFORE: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class SafeFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders a record of structlog or of the standard library, without any API key's secret."""

    def format(self, record: logging.LogRecord) -> str:
        return SECRET.sub(r"\1...", super().format(record))


def lines(*, for_people: bool) -> SafeFormatter:
    """Return the formatter. Tracebacks never show the values of variables."""
    render: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    if for_people:
        plain = structlog.dev.plain_traceback
        render = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)]
    return SafeFormatter(
        foreign_pre_chain=BEFORE,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
    )


def logging_settings(*, for_people: bool, level: str) -> dict[str, Any]:
    """Return Django's LOGGING, and set structlog up to write through it.

    Silenced are lines that repeat the access log and, worse, quote what the caller sent: runserver's own (the
    query), and Django's about wrong host names and refused requests. Celery's about tasks too:
    django-structlog tells of those that fail.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *BEFORE,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "volbal_site.logs.lines", "for_people": for_people}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.request": {"level": "ERROR"},
            "django.security": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "level": "CRITICAL", "propagate": False},
            "celery": {"level": "WARNING"},
            "celery.app.trace": {"level": "CRITICAL"},
        },
    }
