"""Identity of an installation: a UUID that its database holds, whichever way it is reached."""

import uuid

from django.db import models

ONLY = 1


class Installation(models.Model):
    """One row, made by the migration."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    identity = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=ONLY), name="installation_is_one"),
        ]

    def __str__(self) -> str:
        return str(self.identity)
