"""The table of the audit trail. PostgreSQL refuses to change an entry (migration 0007)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

NAME_MAX_LENGTH = 254
TEXT_MAX_LENGTH = 200
#: Of a token's text its begin is public: enough to tell tokens apart, and to find one in the admin.
TOKEN_KEY_LENGTH = 8


class AuditEntry(models.Model):
    """One call."""

    moment = models.DateTimeField(_("moment"), db_default=Now(), editable=False)
    # No constraint: an entry outlives its user, keeps the number, and costs no lock on the user.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    username = models.CharField(_("user"), max_length=NAME_MAX_LENGTH)
    method = models.CharField(_("method"), max_length=10)
    operation = models.CharField(
        _("operation"), max_length=TEXT_MAX_LENGTH, help_text=_("The name of the address.")
    )
    object_id = models.CharField(_("object"), max_length=TEXT_MAX_LENGTH)
    status = models.PositiveSmallIntegerField(_("status"))
    address = models.GenericIPAddressField(_("address"), null=True)
    token_key = models.CharField(
        _("token"), max_length=TOKEN_KEY_LENGTH, help_text=_("How it begins.")
    )
    request_id = models.CharField(_("request"), max_length=TEXT_MAX_LENGTH)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["moment"], name="audit_moment"),
            models.Index(fields=["username", "moment"], name="audit_username"),
            models.Index(
                fields=["object_id"], name="audit_object", condition=~models.Q(object_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.operation}"
