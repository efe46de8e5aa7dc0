"""The Celery app: what a message looks like, and where it goes. See docs/operations.md, "Workers".

A message is a nudge: losing one loses some seconds, and getting one twice changes nothing.
"""

from __future__ import annotations

import os
import signal
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

from celery import Celery, signals
from celery.platforms import SecurityWarning
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

from volbal_site.last_call import last_call
from volbal_site.parent_death import die_with

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "volbal_site.settings")

# Longer than the longest task: a message that is out for longer is given to another worker.
VISIBILITY_S = 3600


def broker_settings(redis_url: str, folder: Path) -> dict[str, Any]:
    """Return where messages go: to Redis, without one through files in `folder`, on this machine alone."""
    return _redis(redis_url) if redis_url else _files(folder)


def _redis(url: str) -> dict[str, Any]:
    return {
        "broker_url": url,
        "broker_transport": "volbal_site.redis_transport:Transport",
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_S,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
    }


def _files(folder: Path) -> dict[str, Any]:
    messages, control = folder / "messages", folder / "control"
    for needed in (messages, control):
        needed.mkdir(parents=True, exist_ok=True)
    return {
        "broker_url": "filesystem://localhost/",
        "broker_transport": "volbal_site.file_messages:Transport",
        "broker_transport_options": {
            "data_folder_in": str(messages),
            "data_folder_out": str(messages),
            "control_folder": str(control),
            "polling_interval": 0.1,
        },
        # Its answers would go to files that nobody reads when a worker was killed.
        "worker_enable_remote_control": False,
    }


# The web server doesn't scold whoever runs it as root either; and no message is ever unpickled.
warnings.filterwarnings("ignore", category=SecurityWarning, module="celery.platforms")


class App(Celery):  # type: ignore[misc]
    """Celery with a beat that can be stopped."""

    @cached_property
    def Beat(self) -> Any:  # noqa: N802
        return self.subclass_with_self("volbal_site.beat:InterruptibleBeat")


app = App("volbal", amqp="volbal_site.redis_transport:Amqp")
app.conf.update(
    **broker_settings(settings.REDIS_URL, settings.QUEUE_DIR),
    task_default_queue="volbal",
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    result_expires=None,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_pool=settings.WORKER_POOL,
    worker_concurrency=settings.WORKER_THREADS,
    worker_redirect_stdouts=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    beat_scheduler="volbal_site.timetable:Timetable",
    beat_max_loop_interval=1,
    timezone="UTC",
)
app.set_default()  # in every thread: without that only the one that imported this knows of it
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


def _drain(**_: Any) -> None:
    """Give tasks that are under way their time to end, and no more."""
    last_call()


def _leave_logging_alone(**_: Any) -> None:
    """Django's settings have set it up; Celery would add handlers of its own."""


def _die_with_the_worker(**_: Any) -> None:
    """A process of a pool doesn't outlive its worker, however that ends."""
    die_with(os.getppid(), signal.SIGKILL)


signals.worker_shutting_down.connect(_drain)
signals.setup_logging.connect(_leave_logging_alone)
signals.worker_process_init.connect(_die_with_the_worker)
