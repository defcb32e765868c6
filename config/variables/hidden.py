"""Texts that hold a secret and do not show it where settings are listed: ``celery report``,
``diffsettings``, a representation in a log."""

import re

HIDDEN = "********"
_PASSWORD = re.compile(r"(?<=://)([^:/?#@]*):[^/?#@]*(?=@)")


class Hidden(str):
    """A URL without its password, or nothing of another text, in its representation."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(_PASSWORD.sub(rf"\1:{HIDDEN}", self) if "://" in self else HIDDEN * bool(self))
