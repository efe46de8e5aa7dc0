from django.apps import AppConfig
from django.db.models.signals import post_migrate

from orders.guards import order_guard
from orders.watch_guards import watch_guards
from positions.guards import append_only, install_guards, register_guard


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        register_guard(append_only("orders_trade", ("tenant_id", "broker", "execution_id")))
        register_guard(order_guard())
        for guard in watch_guards():
            register_guard(guard)
        post_migrate.connect(install_guards, sender=self, dispatch_uid="orders_guards")
