# mypy: disable-error-code="unreachable"
"""Says in one line what this machine lacks, before anything is downloaded.

Runs with whatever Python there is: nothing but the standard library, and no new syntax.
"""

import platform
import sys


def lacking() -> "str | None":
    """What to do first, or None when the installation can begin."""
    if sys.version_info < (3, 11):
        return "Python 3.11 or later is needed, this is {}. Install one, or name it: make PYTHON=python3.12".format(
            platform.python_version()
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "This Python has no venv module. Install it, on Debian and Ubuntu: apt-get install python3-venv"
    return lacking_wheels()


def lacking_wheels() -> "str | None":
    """The embedded PostgreSQL, Valkey and model server are wheels for these platforms only."""
    system, machine = platform.system(), platform.machine().lower()
    glibc = platform.libc_ver()[0] == "glibc"
    if (system == "Linux" and glibc and machine in ("x86_64", "aarch64")) or (
        system == "Darwin" and machine in ("x86_64", "arm64")
    ):
        return None
    return (
        "The embedded parts exist for Linux with glibc (x86_64, aarch64) and macOS only, this is {} {}. "
        "Use the container image, or set DATABASE_URL, REDIS_URL and OLLAMA_HOST and install requirements/base.txt."
    ).format(system, machine)


if __name__ == "__main__":
    problem = lacking()
    if problem:
        sys.exit(problem)
