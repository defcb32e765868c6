"""The workers as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkersConfig(AppConfig):
    name = "workers"
    verbose_name = _("Language-model work")
    audited = ("workers.api", "workers.pages")

    def ready(self) -> None:
        # celery_task and lifecycle connect signals: send_task by name needs the first everywhere.
        from workers import celery_task, checks, known_models, lifecycle, task_types  # noqa: F401

        task_types.discover()
        # Celery's own discovery waits for a worker; whoever sends needs the tasks too.
        from workers import tasks  # noqa: F401

        known_models.announce()
