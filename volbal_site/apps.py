from django.apps import AppConfig


class VolbalSiteConfig(AppConfig):
    name = "volbal_site"

    def ready(self) -> None:
        from volbal_site import checks  # noqa: F401  registers itself; needs the models loaded
