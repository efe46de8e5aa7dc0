from django.apps import AppConfig

from positions.guards import register_guard
from simulation.value_guards import value_guard


class SimulationConfig(AppConfig):
    name = "simulation"

    def ready(self) -> None:
        register_guard(value_guard())
