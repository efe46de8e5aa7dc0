from django.apps import AppConfig
from django.conf import settings


class VolbalSiteConfig(AppConfig):
    name = "volbal_site"

    def ready(self) -> None:
        from volbal_site import checks  # noqa: F401  registers itself; needs the models loaded

        if settings.WORKER_EXPECTED:
            from volbal_site import nudging  # costs a tenth of a second, which most commands never need

            nudging.wake_workers()
