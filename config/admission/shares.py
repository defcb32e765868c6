"""Shares of the concurrency limit: operators keep theirs when the API is overloaded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from django.core.handlers.asgi import get_script_prefix

from config.health import is_probe

#: What is asked with a token, and may be asked again.
API = "v1/"
STATUS = "v1/status"
_STREAM = re.compile(r"v1/tasks/[^/]+/events")


class Kind(Enum):
    API = auto()
    #: Opening an event stream; while it is open it holds no place.
    STREAM = auto()
    #: Admin, pages, their static files, and status.
    OPERATION = auto()


@dataclass(frozen=True, kw_only=True)
class Share:
    #: Requests that are worked on at once.
    at_once: int
    #: How long others wait for that.
    wait_seconds: float


#: Each request may hold a connection of the pool of 10; two are left for open event streams and
#: for readiness. A program that is refused comes again. People wait rather than see an error, and
#: so do event streams: a browser's EventSource gives up for good when it is refused.
SHARES: Mapping[Kind, Share] = {
    Kind.API: Share(at_once=5, wait_seconds=1.0),
    Kind.STREAM: Share(at_once=1, wait_seconds=30.0),
    Kind.OPERATION: Share(at_once=2, wait_seconds=10.0),
}


def kind_of(scope: Mapping[str, Any]) -> Kind | None:
    """Which share an ASGI request takes its place from; None for probes, which need none."""
    if is_probe(scope):
        return None
    path = scope["path"].removeprefix(get_script_prefix(scope)).lstrip("/")
    if _STREAM.fullmatch(path):
        return Kind.STREAM
    if path.startswith(API) and path.rstrip("/") != STATUS:
        return Kind.API
    return Kind.OPERATION
