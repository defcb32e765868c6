"""One process of a stack: how it is started, and what became of it."""

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from devstack.embedded.errors import StackError
from devstack.embedded.logs import open_log


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What to run. ``user`` is a system user to run as; None: the present one."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    cwd: Path
    log: Path
    user: str | None = None


class ManagedProcess:
    """A child in a session of its own, so that a terminal's Ctrl-C does not reach it."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._popen: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def pid(self) -> int | None:
        """The pid, also after its death; None before the first start."""
        return self._popen.pid if self._popen else None

    @property
    def lived_seconds(self) -> float:
        return time.monotonic() - self._started

    def start(self) -> int:
        """Start it, again if need be; its pid. Raises ``StackError`` if the program cannot run."""
        spec = self.spec
        try:
            with open_log(spec.log) as log:
                self._popen = subprocess.Popen(
                    list(spec.command),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=spec.cwd,
                    env=dict(spec.environment),
                    start_new_session=True,
                    user=spec.user,
                    group=spec.user and _group_of(spec.user),
                    extra_groups=[] if spec.user else None,
                )
        except OSError as error:
            raise StackError(
                _("%(name)s cannot be started: %(reason)s"), name=spec.name, reason=error
            ) from error
        self._started = time.monotonic()
        return self._popen.pid

    def exit_code(self) -> int | None:
        """None while it runs or before its start; negative: minus the signal that killed it."""
        return self._popen.poll() if self._popen else None

    def wait(self, timeout_seconds: float | None = None) -> int | None:
        """Wait for its end; the exit code, or None if it still runs."""
        if self._popen is None:
            return None
        try:
            return self._popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None


def describe_exit(code: int) -> str:
    """``exit code 1`` or the signal's name; a shell reports a signal as 128 and its number."""
    number = -code if code < 0 else code - 128
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(_("exit code %(code)s") % {"code": code})


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid
