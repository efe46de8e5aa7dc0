from django.apps import AppConfig
from django.db.models.signals import post_migrate

from positions.guards import append_only, install_guards, register_guard


class PositionsConfig(AppConfig):
    name = "positions"

    def ready(self) -> None:
        for table in ("positions_event", "positions_journalentry"):
            register_guard(append_only(table, ("chain", "seq")))
        post_migrate.connect(install_guards, sender=self, dispatch_uid="positions_guards")
