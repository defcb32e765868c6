import shutil
import tempfile
from pathlib import Path

import pytest

from devstack.embedded.owned import find
from tests.devstack.embedded.support import environ


@pytest.fixture
def home():
    """A home with a space in its name; whatever still runs in it afterwards is an error."""
    yield from watched_home()


@pytest.fixture(scope="module")
def used_home():
    """A home that the tests of a module use one after another, with the data of those before."""
    yield from watched_home()


def watched_home():
    path = Path(tempfile.mkdtemp(prefix="a home "))
    yield path
    left = find(path)
    for owned in left:
        owned.process.kill()
    shutil.rmtree(path, ignore_errors=True)
    assert left == []


@pytest.fixture
def clean_environ():
    """The caller's variables without addresses: every part is embedded."""
    return environ()
