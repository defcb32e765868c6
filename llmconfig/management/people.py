"""People, as they are named on a command line."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils.translation import gettext

from llmconfig.values.texts import printable


def user_named(text: str) -> AbstractBaseUser:
    """The user of that name, else of that id. Raises ``CommandError``."""
    users = get_user_model()._default_manager
    name = get_user_model().USERNAME_FIELD
    for lookup in (name, "pk"):
        try:
            return users.get(**{lookup: text})
        except (users.model.DoesNotExist, ValueError, ValidationError):
            continue
    told = gettext("There is no user %(name)s; give a name or an id.")
    raise CommandError(told % {"name": printable(repr(text))})
