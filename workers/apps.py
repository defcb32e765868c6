"""The workers as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkersConfig(AppConfig):
    name = "workers"
    verbose_name = _("Language-model work")
    audited = ("workers.api",)

    def ready(self) -> None:
        # These connect signals: send_task by name needs the base task's everywhere.
        from workers import task_types
        from workers.messaging import base_task  # noqa: F401
        from workers.metrics import book  # noqa: F401
        from workers.process import checks, known_models, lifecycle  # noqa: F401
        from workers.streaming import publisher  # noqa: F401
        from workers.submission import parents  # noqa: F401

        task_types.discover()
        # Celery's own discovery waits for a worker; whoever sends needs the tasks too.
        from workers import tasks  # noqa: F401

        known_models.announce()
