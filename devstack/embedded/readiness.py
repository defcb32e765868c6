"""When a stack is ready: the web process answers and every worker does."""

import http.client
import sys
import time
from collections.abc import Callable, Iterable, Mapping

from django.utils.translation import gettext_lazy as _

from devstack.embedded.errors import StackError
from devstack.embedded.launcher import Launcher
from devstack.embedded.logs import last_lines
from devstack.embedded.procfile import Entry

READY_SECONDS = 180.0
#: A process that died this often before the stack was ready will not come up.
HOPELESS_DEATHS = 3
PING = "worker_ping"


def await_ready(
    launcher: Launcher,
    entries: Iterable[Entry],
    *,
    host: str,
    port: int,
    deaths: Callable[[], Mapping[str, int]],
) -> None:
    """Wait for web and workers among ``entries``. Raises ``StackError`` naming what is missing."""
    entries = tuple(entries)
    waiting: dict[str, Callable[[], bool]] = {}
    if any(entry.name == "web" for entry in entries):
        known = known_host(launcher.environment.get("ALLOWED_HOSTS", ""))
        waiting["web"] = lambda: web_answers(host, port, known)
    if workers := sum(is_worker(entry) for entry in entries):
        waiting["workers"] = _ping(launcher, workers)
    deadline = time.monotonic() + READY_SECONDS
    while waiting := {name: answers for name, answers in waiting.items() if not answers()}:
        _refuse_hopeless(launcher, deaths())
        if time.monotonic() > deadline:
            raise StackError(
                _("Not ready after %(seconds)d s: %(names)s. Logs: %(logs)s"),
                seconds=READY_SECONDS,
                names=", ".join(waiting),
                logs=launcher.log("web").parent,
            )
        time.sleep(0.1)


def is_worker(entry: Entry) -> bool:
    """Whether it is a Celery worker that bears this stack's node name."""
    return "celery" in entry.command and "LLMCONFIG_NODE" in entry.command


def known_host(allowed_hosts: str) -> str:
    """A host name that the web process answers to; ``localhost`` where any or none is named."""
    first = allowed_hosts.split(",")[0].strip().lstrip(".")
    return "localhost" if first in {"", "*"} else first


def web_answers(host: str, port: int, name: str = "localhost") -> bool:
    """Whether ``GET /readyz``, asked under the host name ``name``, says that all is well."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": name})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _ping(launcher: Launcher, workers: int) -> Callable[[], bool]:
    arguments = [launcher.environment["LLMCONFIG_NODE"], str(workers)]
    seconds = ["--seconds", str(READY_SECONDS)]
    process = launcher.start(
        PING, [sys.executable, "-m", "devstack.embedded.worker_ping", *arguments, *seconds]
    )
    return lambda: process.exit_code() == 0


def _refuse_hopeless(launcher: Launcher, deaths: Mapping[str, int]) -> None:
    for name, count in deaths.items():
        if count >= HOPELESS_DEATHS:
            raise StackError(
                _("%(name)s ended %(count)d times before all was ready: %(line)s\nLog: %(log)s"),
                name=name,
                count=count,
                line=" ".join(last_lines(launcher.log(name))) or "-",
                log=launcher.log(name),
            )
