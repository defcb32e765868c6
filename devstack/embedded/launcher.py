"""Starts processes as members of one home: marked, logged, known to the guardian."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
from django.utils.translation import gettext_lazy as _

from devstack.embedded.environment import PROJECT
from devstack.embedded.errors import StackError
from devstack.embedded.guardian import Guardian
from devstack.embedded.logs import Follower, last_lines
from devstack.embedded.owned import Owned, find, marks
from devstack.embedded.parts import Part
from devstack.embedded.processes import ManagedProcess, Spec, describe_exit
from devstack.embedded.shutdown import stop

POLL_SECONDS = 0.05
SHOWN_LINES = 40
#: How Django frames the problems that its checks find.
FRAME = ("SystemCheckError:", "System check identified", "ERRORS:")


class Launcher:
    """``environment`` is what every process gets; it grows while parts start."""

    def __init__(self, home: Path, guardian: Guardian) -> None:
        self._home, self._guardian = home, guardian
        self.environment: dict[str, str] = {}
        self.processes: dict[str, ManagedProcess] = {}

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        user: str | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> ManagedProcess:
        """Start one process with the present environment and ``extra`` variables."""
        environment = {**self.environment, **(extra or {}), **marks(self._home, name)}
        spec = Spec(
            name=name,
            command=command,
            environment=environment,
            cwd=PROJECT,
            log=self.log(name),
            user=user,
        )
        process = self.processes[name] = ManagedProcess(spec)
        self._guardian.watch(name, process.start())
        return process

    def start_part(self, part: Part) -> ManagedProcess:
        """Start a part; it need not answer yet."""
        part.initialise(self.runner(part.name))
        return self.start(part.name, part.command(), user=part.user)

    def await_part(self, part: Part) -> None:
        """Wait until it answers. Raises ``StackError`` with the last line of its log."""
        process = self.processes[part.name]
        deadline = time.monotonic() + part.start_seconds
        while process.pid and not part.answers(process.pid):
            code = process.exit_code()
            if code is not None or time.monotonic() > deadline:
                reason = _("no answer") if code is None else describe_exit(code)
                raise self._failure(part.title, reason, process.spec.log)
            time.sleep(POLL_SECONDS)
        part.complete()

    def run(self, name: str, command: Sequence[str], *, user: str | None = None) -> list[str]:
        """Run a command to its end; the lines it wrote. Raises ``StackError`` if it fails."""
        follower = Follower(self.log(name))
        process = self.start(name, command, user=user)
        code = process.wait()
        lines = [line.rstrip() for line in (*follower.new_lines(), follower.rest) if line.strip()]
        if code == 0:
            return lines
        if any(line.startswith("Traceback") for line in lines) or len(lines) > SHOWN_LINES:
            raise self._failure(name, describe_exit(code or 0), process.spec.log)
        told = "\n".join(line for line in lines if not line.startswith(FRAME))
        raise StackError(_("%(name)s failed:\n%(lines)s"), name=name, lines=told)

    def manage(self, *arguments: str) -> list[str]:
        """Run a command of ``manage.py`` against the parts."""
        return self.run(arguments[0], [sys.executable, str(PROJECT / "manage.py"), *arguments])

    def runner(self, name: str) -> Callable[[Sequence[str], str | None], None]:
        """Runs commands that belong to the part ``name`` and log beside it."""

        def run(command: Sequence[str], user: str | None) -> None:
            self.run(f"{name}-setup", command, user=user)

        return run

    def end_rest(self, name: str) -> None:
        """End what is left of a process whose first member died."""
        stop(lambda: [owned for owned in find(self._home) if owned.name == name])

    def owned(self) -> set[Owned]:
        """Everything that runs here: what we started and what is marked as ours."""
        started = set[Owned]()
        for name, process in self.processes.items():
            if process.pid and process.exit_code() is None:
                try:
                    started.add(Owned(name, psutil.Process(process.pid)))
                except psutil.NoSuchProcess:
                    continue
        return {*started, *find(self._home)}

    def log(self, name: str) -> Path:
        return self._home / "logs" / f"{name}.log"

    def _failure(self, name: object, reason: object, log: Path) -> StackError:
        return StackError(
            _("%(name)s failed (%(reason)s): %(line)s\nLog: %(log)s"),
            name=name,
            reason=reason,
            line=" ".join(last_lines(log)) or "-",
            log=log,
        )
