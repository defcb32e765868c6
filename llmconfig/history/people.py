"""What the history keeps of a person who was deleted: a number, and nothing that a person wrote.

A user and the user's rows go in one transaction, in an order that Django does not promise. So the
entries that are there are mended when the user goes, and the last ones are written mended.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, JSONField, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.signals import post_delete
from django.dispatch import receiver
from simple_history.signals import pre_create_historical_record

from llmconfig.tables.models import Preference, Tier
from llmconfig.tables.records import WITH_OWNER

#: A parameter that holds people's words.
_STOP = "stop"


@receiver(post_delete, sender=settings.AUTH_USER_MODEL)
def anonymise(instance: AbstractBaseUser, **_: Any) -> None:
    without_stop = CombinedExpression(F("parameters"), "-", Value(_STOP), output_field=JSONField())
    theirs = Preference.history.filter(user_id=instance.pk)
    theirs.update(history_change_reason=None, parameters=without_stop)
    for history in (Preference.history, Tier.history):
        history.filter(history_user_id=instance.pk).update(history_user=None)


@receiver(pre_create_historical_record)
def anonymise_last(instance: Any, history_instance: Any, **_: Any) -> None:
    """Of rows that go with their user or group."""
    if not getattr(instance, WITH_OWNER, False):
        return
    if getattr(history_instance, "user_id", None) is not None:
        history_instance.history_change_reason = None
        history_instance.parameters = {
            name: value for name, value in instance.parameters.items() if name != _STOP
        }
    users = get_user_model()._default_manager
    if not users.filter(pk=history_instance.history_user_id).exists():
        history_instance.history_user = None
