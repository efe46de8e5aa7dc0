from django.apps import AppConfig
from django.conf import settings

from accounts.nudges import wake_with


class VolbalSiteConfig(AppConfig):
    name = "volbal_site"

    def ready(self) -> None:
        from volbal_site import checks  # noqa: F401  registers itself; needs the models loaded
        from volbal_site.nudging import Waker  # makes the Celery app, which the timetable's admin asks

        if settings.WORKER_EXPECTED:
            wake_with(Waker())
