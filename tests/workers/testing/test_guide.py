"""What docs/how-to/test-your-task-types.md shows works as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from config.env import PROJECT
from workers.models import Installation
from workers.testing.script_file import parse

GUIDE = (PROJECT / "docs" / "how-to" / "test-your-task-types.md").read_text()
#: A fenced block whose first line is a comment with the file's path.
FILES = re.findall(r"^```\w*\n# (\S+/\S+)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
SETTINGS = """\
from config.settings.test import *  # noqa: F403  (Django's way to layer settings modules)
from tests.flushes import flush_by_delete

flush_by_delete()

INSTALLED_APPS = [*INSTALLED_APPS, "haiku"]
DATABASES["default"]["TEST"] = {{"NAME": "{name}"}}
CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = "memory://", {{}}
"""


@pytest.fixture
def project(tmp_path: Path):
    """The guide's files beside settings that install their app."""
    for path, text in FILES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "haiku" / "__init__.py").touch()
    return tmp_path


def written_by_migrate():
    return [list(model.objects.order_by("pk").values()) for model in (ContentType, Installation)]


def test_the_guides_own_tests_pass(project, transactional_db):
    name = connection.settings_dict["NAME"]
    (project / "guide_settings.py").write_text(SETTINGS.format(name=name))
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "guide_settings",
        "PYTHONPATH": os.pathsep.join([str(project), str(PROJECT)]),
    }
    # The suite's own database, which exists and is empty.
    command = [sys.executable, "-m", "pytest", "-q", "--reuse-db", "--rootdir", str(project)]
    before = written_by_migrate()
    done = subprocess.run(
        [*command, str(project / "tests")],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert written_by_migrate() == before, "later tests of this process know these ids"
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_the_guide_shows_a_script_that_can_be_used():
    [shown] = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
    assert set(parse(shown).steps) == {"big:3b", "/api/ps"}


def test_the_guide_names_modules_that_exist():
    for name in set(re.findall(r"`(workers\.[a-z_.]+)`", GUIDE)):
        __import__(name)
