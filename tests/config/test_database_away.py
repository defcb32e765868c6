"""Without its database the API says so and that it may pass, instead of breaking."""

import json
import os
import subprocess
import sys

from config.env import PROJECT

#: Asks as somebody whose token is known already, and as a caller whose token has to be looked up.
PROGRAM = """
import json

from config.settings import test as settings

settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 0.2
import django

django.setup()
from django.contrib.auth import get_user_model
from rest_framework.test import APIClient

task = {"task_type": "TASK_TYPE_TEXT_GENERATION", "payload": {"prompt": "x"}}
preview = "/v1/llm/config/preview?task_type=TASK_TYPE_TEXT_GENERATION"
known, unknown = APIClient(), APIClient()
known.force_authenticate(get_user_model()(pk=1, username="ada"))
unknown.credentials(HTTP_AUTHORIZATION="Token " + "a" * 64)
answers = []
for client in (known, unknown):
    for method, url, body in (
        ("post", "/v1/tasks", task),
        ("get", preview, None),
        ("get", "/v1/users/llm-config", None),
        ("put", "/v1/users/llm-config", {"max_retries": 0}),
    ):
        answer = getattr(client, method)(url, body)
        answers.append([answer.status_code, answer.json().get("code")])
print(json.dumps(answers))
"""


def test_every_request_that_needs_the_database_is_answered_with_503():
    variables = {
        **os.environ,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/away",
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
    }
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    answers = json.loads(ran.stdout.splitlines()[-1])
    assert answers == [[503, "database_unavailable"]] * 8
