"""A whole stack as a context manager: embedded parts, and on request the Procfile's processes.

    with Stack(home) as stack:                      # the parts that no variable points elsewhere
        stack.environment["DATABASE_URL"]
    with Stack(home, processes=True) as stack:      # web, workers and beat too
        stack.web_url

Everything stops when the block ends, and also when this process is killed: see ``guardian``.
"""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from config.variables.reading import is_named
from devstack.embedded import environment, procfile, reachable, readiness, shutdown, state
from devstack.embedded.console import Console
from devstack.embedded.errors import StackError
from devstack.embedded.guardian import Guardian
from devstack.embedded.launcher import Launcher
from devstack.embedded.lock import HomeLock
from devstack.embedded.model import ModelServer
from devstack.embedded.owned import find, without_marks
from devstack.embedded.parts import Part
from devstack.embedded.ports import Claim
from devstack.embedded.postgres import Postgres
from devstack.embedded.supervisor import Supervised, Supervisor
from devstack.embedded.valkey import Valkey
from devstack.embedded.web_port import claim_web_port, reachable_host, web_url

PARTS: tuple[type[Part], ...] = (ModelServer, Valkey, Postgres)
PROCFILE = environment.PROJECT / "Procfile"
HURRY_SECONDS = 0.5


class Stack:
    """One stack of one home.

    home: directory of all data; made if missing.
    processes: also check, migrate, and run the Procfile.
    host, port: of the web process; no port: 8000 or the next free one.
    parts: which of the parts may be started; those that ``environ`` names never are.
    durable: False lets the parts forget on a power cut, for tests.
    manage: False leaves out ``manage.py check`` and ``migrate``.
    temporary: the guardian removes the home after a crash.
    supervised: False restarts nothing and needs no thread; parts only.
    environ: the caller's variables; None: this process's own.

    Raises ``StackError`` from ``start``; everything is stopped then.
    """

    def __init__(
        self,
        home: Path,
        *,
        processes: bool = False,
        host: str = "127.0.0.1",
        port: int | None = None,
        procfile_path: Path = PROCFILE,
        console: Console | None = None,
        parts: Sequence[type[Part]] = PARTS,
        durable: bool = True,
        manage: bool = True,
        temporary: bool = False,
        supervised: bool = True,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home.expanduser().resolve()
        self.console = console or Console()
        self.web_url = ""
        #: What names the servers, and LLM_CONFIG_FILE.
        self.environment: dict[str, str] = {}
        self._processes, self._manage, self._temporary = processes, manage, temporary
        self._supervised = supervised
        self._host, self._port, self._procfile = host, port, procfile_path
        self._environ = without_marks(os.environ if environ is None else environ)
        self._parts = [
            part(self.home, durable=durable)
            for part in parts
            if not is_named(part.variable, self._environ)
        ]
        self._lock = HomeLock(self.home)
        self._owner = os.getpid()
        self._stopping, self._stopped = False, True
        self._hurry = threading.Event()
        self._web_claim: Claim | None = None

    def __enter__(self) -> "Stack":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def stopping(self) -> bool:
        """Whether it has begun to stop."""
        return self._stopping

    @property
    def pids(self) -> dict[str, int]:
        """The first process of each running part and Procfile entry, by name."""
        return {
            name: process.pid
            for name, process in self._launcher.processes.items()
            if process.pid and process.exit_code() is None
        }

    @property
    def process_environment(self) -> dict[str, str]:
        """The whole environment of this stack's processes, to run others beside them."""
        return dict(self._launcher.environment)

    def start(self) -> None:
        """Start everything and return when all of it answers."""
        try:
            self._make_home()
            self._lock.acquire()
        except OSError as error:
            raise StackError(
                _("%(home)s cannot be used: %(reason)s"), home=self.home, reason=error.strerror
            ) from error
        self._stopping, self._stopped = False, False
        self._guardian = Guardian(self.home, lock_fd=self._lock.fd, temporary=self._temporary)
        self._launcher = Launcher(self.home, self._guardian)
        self._supervisor = Supervisor(self.console, self._guardian.watch, self._guardian.revive)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Stay until an exception, as ``stop_on_signals`` raises it, ends the wait."""
        threading.Event().wait()

    def manage(self, *arguments: str) -> list[str]:
        """Run a command of ``manage.py`` on this stack; the lines it wrote."""
        return self._launcher.manage(*arguments)

    def hurry(self) -> None:
        """Cut the patience of ``stop``; may be called from a signal handler."""
        self._hurry.set()

    def stop(self) -> None:
        """Stop everything, in order; does nothing in a fork of the process that started it."""
        if self._stopped or os.getpid() != self._owner:
            return
        self._stopping = True
        while not self._stopped:
            try:
                self._stop()
            except KeyboardInterrupt:
                self.hurry()

    def _make_home(self) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.home / "logs").mkdir(mode=0o700, exist_ok=True)

    def _start(self) -> None:
        self._guardian.start()
        self._end_leftovers()
        entries = procfile.read(self._procfile) if self._processes else ()
        if self._processes:
            self._web_claim = claim_web_port(self._host, self._port, self.console)
        self._prepare_parts()
        if self._processes and self._manage:
            self._check()
        self._start_parts()
        if self._supervised:
            self._supervisor.start()
        if self._processes and self._manage:
            self.console.say(_("Migrating the database"))
            self.manage("migrate", "--no-input")
        if self._web_claim is not None:
            self._start_processes(entries, self._web_claim.port)

    def _end_leftovers(self) -> None:
        if names := sorted({owned.name for owned in find(self.home)}):
            self.console.say(
                _("Stopping what an earlier stack left: %(names)s"), names=", ".join(names)
            )
            shutdown.stop(lambda: find(self.home))

    def _prepare_parts(self) -> None:
        for part in self._parts:
            part.prepare(self.console.say)
        self.environment = environment.addresses(self._parts, self._environ)
        self._launcher.environment = environment.for_processes(
            self.home, self.environment, self._environ
        )

    def _check(self) -> None:
        """Refuse a configuration that cannot work before anything runs on it."""
        self.console.say(_("Checking the configuration"))
        for line in self.manage("check"):
            if "no issues" not in line:
                self.console.say(line)
        reachable.require(self._environ)

    def _start_parts(self) -> None:
        started = time.monotonic()
        for part in self._parts:
            self.console.say(_("Starting %(part)s"), part=part.title)
            self._launcher.start_part(part)
        for part in reversed(self._parts):
            self._launcher.await_part(part)
            self.console.say(
                _("%(part)s answers after %(seconds).1f s"),
                part=part.title,
                seconds=time.monotonic() - started,
            )
        for part in self._parts:
            self._supervisor.follow(part.name, self._launcher.log(part.name), show=False)
            self._supervise(part.name, part)

    def _start_processes(self, entries: Sequence[procfile.Entry], port: int) -> None:
        self.web_url = web_url(self._host, port)
        state.write(self.home, web=self.web_url, environment=self.environment)
        self.console.register(*(entry.name for entry in entries))
        extra = {"HOST": self._host, "PORT": str(port)}
        self.console.say(_("Starting %(names)s"), names=", ".join(one.name for one in entries))
        for entry in entries:
            self._supervisor.follow(entry.name, self._launcher.log(entry.name), show=True)
            self._launcher.start(entry.name, ["sh", "-c", entry.shell_command], extra=extra)
            self._supervise(entry.name)
        readiness.await_ready(
            self._launcher,
            entries,
            host=reachable_host(self._host),
            port=port,
            deaths=self._supervisor.deaths,
        )

    def _supervise(self, name: str, part: Part | None = None) -> None:
        def make_room() -> None:
            self._launcher.end_rest(name)
            if part is not None:
                part.initialise(self._launcher.runner(name))

        self._supervisor.add(Supervised(self._launcher.processes[name], make_room))

    def _stop(self) -> None:
        self._supervisor.pause()
        if self._processes and self.pids:
            self.console.say(_("Stopping"))
        state.remove(self.home, pid=self._owner)
        killed = shutdown.stop(self._launcher.owned, limit_seconds=self._patience)
        for name in killed:
            self.console.say(_("%(name)s did not stop in time and was killed"), name=name)
        for process in self._launcher.processes.values():
            process.wait(5)
        self._supervisor.close()
        for part in self._parts:
            part.release()
        if self._web_claim is not None:
            self._web_claim.release()
        self._guardian.dismiss()
        self._lock.release()
        self.console.flush()
        self._stopped = True

    def _patience(self) -> float:
        return HURRY_SECONDS if self._hurry.is_set() else float("inf")
