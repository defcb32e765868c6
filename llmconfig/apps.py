"""The Django app: its checks and signals are known from the start."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LLMConfig(AppConfig):
    name = "llmconfig"
    verbose_name = _("Model configuration")
    #: Packages of views that the audit trail tells of.
    audited = ("llmconfig.api",)
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from llmconfig import checks  # noqa: F401  (registers them)
        from llmconfig.history import people  # noqa: F401  (connects its signals)
        from llmconfig.store import signals

        signals.connect(self)
