"""Keeps the processes of a stack alive and shows what they write, in one thread."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from devstack.embedded.backoff import Backoff
from devstack.embedded.console import Console
from devstack.embedded.errors import StackError
from devstack.embedded.logs import Follower
from devstack.embedded.processes import ManagedProcess, describe_exit

TICK_SECONDS = 0.1
ROTATE_TICKS = 100


class Supervised:
    """A process that is started again when it ends. ``before_start`` makes room for the new one."""

    def __init__(self, process: ManagedProcess, before_start: Callable[[], None]) -> None:
        self.process = process
        self.backoff = Backoff()
        self._before_start = before_start
        self._due: float | None = None

    @property
    def deaths(self) -> int:
        """How often it died without 60 s of health in between."""
        return self.backoff.deaths

    def tick(self, console: Console) -> bool:
        """Notice a death, restart when it is time; True when a new process runs."""
        if self._due is None:
            self._notice_death(console)
            return False
        if time.monotonic() < self._due:
            return False
        self._due = None
        try:
            self._before_start()
            self.process.start()
        except (StackError, OSError) as error:
            self._wait(console, str(error))
            return False
        return True

    def _notice_death(self, console: Console) -> None:
        code = self.process.exit_code()
        if code is not None:
            self._wait(console, describe_exit(code))

    def _wait(self, console: Console, reason: str) -> None:
        delay = self.backoff.after_death(self.process.lived_seconds)
        self._due = time.monotonic() + delay
        console.say(
            _("%(name)s ended (%(reason)s); starting it again in %(seconds)g s. Log: %(log)s"),
            name=self.process.name,
            reason=reason,
            seconds=delay,
            log=self.process.spec.log,
        )


class Supervisor:
    """Supervises what is added until paused; follows log files until closed."""

    def __init__(
        self, console: Console, on_start: Callable[[str, int], None], each_tick: Callable[[], None]
    ) -> None:
        self._console = console
        self._on_start = on_start
        self._each_tick = each_tick
        self._supervised: list[Supervised] = []
        self._shown: dict[str, Follower] = {}
        self._logs: list[Follower] = []
        self._ticks = 0
        self._lock = threading.Lock()
        self._paused = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, supervised: Supervised) -> None:
        """Keep a running process alive."""
        with self._lock:
            self._supervised.append(supervised)

    def follow(self, name: str, log: Path, *, show: bool) -> None:
        """Keep ``log`` small, and show what it gains."""
        follower = Follower(log)
        with self._lock:
            self._logs.append(follower)
            if show and self._console.process_lines:
                self._shown[name] = follower

    def deaths(self) -> dict[str, int]:
        """How often each process died lately."""
        with self._lock:
            return {one.process.name: one.deaths for one in self._supervised}

    def pause(self) -> None:
        """Restart nothing from now on; when this returns, nothing is being started."""
        with self._lock:
            self._paused = True

    def close(self) -> None:
        """Show the last lines and end."""
        self.pause()
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(TICK_SECONDS):
            try:
                self._tick()
            except Exception as error:  # supervision outlives every surprise
                self._console.say(_("The supervisor stumbled: %(error)r"), error=error)
                time.sleep(1)
        self._show_lines()

    def _tick(self) -> None:
        with self._lock:
            if not self._paused:
                self._each_tick()
                for one in self._supervised:
                    if one.tick(self._console) and one.process.pid:
                        self._on_start(one.process.name, one.process.pid)
            self._show_lines()
            self._ticks += 1
            if self._ticks % ROTATE_TICKS == 0:
                for log in self._logs:
                    log.rotate()

    def _show_lines(self) -> None:
        for name, follower in self._shown.items():
            if self._console.busy:
                return
            for line in follower.new_lines():
                self._console.process_line(name, line)
