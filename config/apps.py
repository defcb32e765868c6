"""The wiring as a Django app: its management commands, and Celery known to every process."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "config"
    audited = ("config.api",)

    def ready(self) -> None:
        from config import checks  # noqa: F401  (registers itself)
        from config.api import schema_extensions  # noqa: F401  (the same)
        from config.api.throttles import known_networks  # noqa: F401  (connects its signal)

        # Here and not in the package, so that the embedded parts start without Celery.
        from config.celery import declare_queues

        declare_queues()
