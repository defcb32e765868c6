"""When a process began, as a text to compare: a pid that was reused belongs to another process."""

import subprocess
from pathlib import Path

#: Its state in /proc: it only waits for its parent.
ZOMBIE = "Z"


def process_start(pid: int) -> str:
    """The moment in the system's own form; "" where there is no such process.

    Of Linux the ticks since boot, which no change of the clock moves; elsewhere what ``ps`` shows.
    """
    try:
        # The name, in parentheses, may hold anything; the start is the 20th field after it.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == ZOMBIE else fields[19]
    except (FileNotFoundError, ProcessLookupError):
        pass
    except (OSError, IndexError, UnicodeDecodeError):
        return ""
    if Path("/proc/self/stat").exists():
        return ""
    return _shown_by_ps(pid)


def _shown_by_ps(pid: int) -> str:
    try:
        shown = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return shown.stdout.strip()
