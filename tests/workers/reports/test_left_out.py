"""The engine works without the reports: their app is left out of INSTALLED_APPS."""

import os
import subprocess
import sys

from django.db import connection

from config.env import PROJECT

SETTINGS = """\
from config.settings.test import *

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "workers.reports"]
CELERY_BEAT_SCHEDULE = {{name: CELERY_BEAT_SCHEDULE[name] for name in ("prune",)}}
DATABASES["default"]["NAME"] = "{database}"
CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = "memory://", {{}}
"""
PROGRAM = """\
import sys

import django

django.setup()
from celery import current_app
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

call_command("check", fail_level="WARNING")
call_command("spectacular", validate=True, fail_on_warn=True, file="/dev/null")

from workers.models import TaskRun
from workers.submission.enqueue import enqueue

run = enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "Say hello."})
assert TaskRun.objects.get(pk=run.pk).status == "queued", run.status

staff = get_user_model().objects.create_superuser("without-reports")
client = Client()
client.force_login(staff)
assert Client().get("/login/").status_code == 200
for page in ("/admin/", "/admin/workers/taskrun/", "/v1/status"):
    answer = client.get(page)
    assert answer.status_code == 200, (page, answer.status_code)
assert client.get("/reports/").status_code == 404
assert client.get("/v1/reports/weekly").status_code == 404
assert "llm.enqueue_weekly_reports" not in current_app.tasks
loaded = [name for name in sys.modules if name.startswith("workers.reports")]
assert not loaded, loaded
run.delete()
staff.delete()
"""


def test_runs_admin_api_and_pages_work_without_the_reports(tmp_path, transactional_db):
    file = tmp_path / "llm.yaml"
    file.write_text("llm: {default_model: 'ok:3b'}\n")
    settings = SETTINGS.format(database=connection.settings_dict["NAME"])
    (tmp_path / "left_out_settings.py").write_text(settings)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "left_out_settings",
            "PYTHONPATH": os.pathsep.join([str(tmp_path), str(PROJECT)]),
            "LLM_CONFIG_FILE": str(file),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
