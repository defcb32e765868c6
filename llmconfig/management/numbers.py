"""Numbers, as they are written on a command line."""

from django.core.management.base import CommandError
from django.utils.translation import gettext

from llmconfig.values.texts import shown

_MAXIMUM = 2**31 - 1


def number(text: str, name: str, *, minimum: int = 1) -> int:
    """A whole number. Raises ``CommandError``, which calls it ``name``."""
    if text.isascii() and text.isdecimal() and minimum <= int(text[:20]) <= _MAXIMUM:
        return int(text)
    told = gettext("%(name)s is a whole number from %(minimum)s, not %(text)s.")
    raise CommandError(told % {"name": name, "minimum": minimum, "text": shown(text)})
