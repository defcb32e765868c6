"""Leader election: one row for each duty of which one process has the lease."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Leader(models.Model):
    """The process that has a role, as long as its lease lasts (`workers.process.leadership`)."""

    role = models.CharField(_("role"), max_length=40, primary_key=True)
    holder = models.UUIDField(_("holder"), editable=False)
    lease_expires_at = models.DateTimeField(_("lease expires at"), editable=False)

    class Meta:
        verbose_name = _("leader")
        verbose_name_plural = _("leaders")

    def __str__(self) -> str:
        return self.role
