"""Weekly reports as a Django app of their own: the engine of the runs works without it."""

from collections.abc import Collection

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from workers.reports import REPORT_TYPE


class ReportsConfig(AppConfig):
    name = "workers.reports"
    verbose_name = _("Weekly reports")
    audited = ("workers.reports.api", "workers.reports.pages")

    def ready(self) -> None:
        from workers.background_thread import BackgroundThread
        from workers.messaging.queues import queue_name, task_routes
        from workers.process import extensions
        from workers.reports import tasks  # noqa: F401  (whoever sends needs it, as the workers')
        from workers.reports.delivery.postman import Postman
        from workers.reports.delivery.stuck import mails_stuck
        from workers.reports.fan_out import FAN_OUT_TASK, fan_outs_prune

        def postman(queues: Collection[str]) -> BackgroundThread | None:
            return Postman() if queue_name(REPORT_TYPE) in queues else None

        extensions.thread_factories.append(postman)
        extensions.prunings.append(fan_outs_prune)
        extensions.doctor_checks.append(
            extensions.DoctorCheck(
                code="mails_waiting",
                title=_("Mails that no mail server takes"),
                subject=_("mail"),
                look=lambda: str(mails_stuck() or ""),
            )
        )
        # Before the reports themselves, which wait in the low queue: it must not wait behind them.
        task_routes[FAN_OUT_TASK] = queue_name(REPORT_TYPE)
