"""The system user that runs PostgreSQL when we are root, which PostgreSQL refuses to run as."""

import os
import pwd
import stat
import subprocess
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from devstack.embedded.errors import PartUnavailable

NAME = "pgserver"
PASS = stat.S_IXOTH
READ = stat.S_IROTH


def user_for(data: Path) -> str | None:
    """Who runs PostgreSQL: None as anyone but root; else the owner of ``data``, else ``pgserver``.

    Makes ``pgserver`` if it does not exist. Raises ``PartUnavailable`` if that fails.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        try:
            return pwd.getpwuid(owner).pw_name
        except KeyError:
            pass  # made on another machine: given to pgserver below
    return _ensure_user()


def give(directory: Path, user: str) -> None:
    """Make the user the owner of a directory and of all in it."""
    account = pwd.getpwnam(user)
    os.chown(directory, account.pw_uid, account.pw_gid)
    for parent, directories, files in os.walk(directory):
        for name in (*directories, *files):
            os.chown(Path(parent, name), account.pw_uid, account.pw_gid, follow_symlinks=False)


def open_programs(directory: Path) -> None:
    """Let other users run what lies in ``directory``: under umask 077 pip keeps it ours."""
    marker = directory / "bin" / "postgres"
    if marker.stat().st_mode & PASS and marker.stat().st_mode & READ:
        return
    for parent, _directories, files in os.walk(directory):
        Path(parent).chmod(Path(parent).stat().st_mode | PASS | READ)
        for file in map(Path(parent).joinpath, files):
            mode = file.stat().st_mode
            file.chmod(mode | READ | (PASS if mode & stat.S_IXUSR else 0))


def _ensure_user() -> str:
    try:
        return pwd.getpwnam(NAME).pw_name
    except KeyError:
        pass
    shell = "/usr/sbin/nologin" if Path("/usr/sbin/nologin").exists() else "/bin/false"
    command = ["useradd", "--system", "--no-create-home", "--shell", shell, NAME]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        if NAME in {entry.pw_name for entry in pwd.getpwall()}:
            return NAME  # another start made it at this moment
        raise PartUnavailable(
            _(
                "PostgreSQL does not run as root, and the system user %(user)s cannot be made. "
                "Run `%(command)s`, start as another user, or set DATABASE_URL."
            ),
            user=NAME,
            command=" ".join(command),
        ) from error
    return NAME
