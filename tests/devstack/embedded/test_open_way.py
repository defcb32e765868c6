"""Directories are open for other users while a stack needs them, and closed again after that."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from devstack.embedded import open_way
from devstack.embedded.open_way import OpenWay, close_left


@pytest.fixture
def deep(monkeypatch):
    """A path below a closed directory; what is above that is open, and no other test's."""
    base = Path(tempfile.mkdtemp(dir="/tmp"))
    base.chmod(0o755)
    monkeypatch.setattr(open_way, "RECORDS", base / "records")
    (base / "closed" / "open").mkdir(parents=True)
    (base / "closed").chmod(0o700)
    (base / "closed" / "open").chmod(0o755)
    yield base / "closed" / "open" / "data"
    shutil.rmtree(base)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def closed(deep):
    return deep.parent.parent


def test_a_closed_directory_is_open_until_the_way_is_closed(deep, closed):
    way = OpenWay()
    assert closed in way.add(deep)
    assert (mode(closed), mode(deep.parent)) == (0o701, 0o755)
    way.close()
    assert (mode(closed), mode(deep.parent)) == (0o700, 0o755)
    assert not list(open_way.RECORDS.iterdir())


def test_it_stays_open_while_another_stack_needs_it(deep, closed):
    one, other = OpenWay(), OpenWay()
    one.add(deep)
    assert closed not in other.add(deep)
    one.close()
    assert mode(closed) == 0o701
    other.close()
    assert mode(closed) == 0o700


def test_what_somebody_else_opened_stays_open(deep, closed):
    closed.chmod(0o711)
    way = OpenWay()
    assert closed not in way.add(deep)
    way.close()
    assert mode(closed) == 0o711


def test_what_a_killed_process_left_open_is_closed_by_the_next(deep, closed):
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from devstack.embedded import open_way\n"
        "open_way.RECORDS = Path(sys.argv[1])\n"
        "open_way.OpenWay().add(Path(sys.argv[2]))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", code, str(open_way.RECORDS), str(deep)]
    subprocess.run(command, check=False)
    assert mode(closed) == 0o701
    close_left()
    assert mode(closed) == 0o700


def test_a_directory_that_is_gone_is_forgotten(deep, closed):
    OpenWay().add(deep)
    os.rename(closed, closed.with_name("moved"))
    close_left()
    assert str(closed) not in map(str, open_way._recorded())
