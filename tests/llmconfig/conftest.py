"""A configuration of the test's own, and people to resolve it for."""

from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from knox.models import AuthToken
from rest_framework.test import APIClient

from llmconfig.layers.located import Report
from llmconfig.models import Preference, Tier
from llmconfig.resolution.skip_log import skips_forget

INSIGHT = "TASK_TYPE_INSIGHT_GENERATION"
REPORT = "TASK_TYPE_WEEKLY_REPORT"
ANALYSIS = "TASK_TYPE_DATA_ANALYSIS"
TEXT = "TASK_TYPE_TEXT_GENERATION"
ALL_TYPES = [ANALYSIS, INSIGHT, TEXT, REPORT]

SEED = f"""\
default: {{model: "llama3.2:3b", fallback_model: "llama3.2:1b", timeout: "60s", max_retries: 3}}
task_types:
  {INSIGHT}: {{model: "llama3.2:3b", timeout: "45s", max_retries: 2}}
  {REPORT}: {{model: "llama3.2:7b", timeout: "120s", max_retries: 3}}
  {ANALYSIS}: {{model: "llama3.2:3b", timeout: "90s", max_retries: 3}}
"""


@pytest.fixture
def configure(tmp_path: Path, settings):
    """Puts a YAML text and variables in force, as a process started with them has them."""

    def start(text: str | bytes = "", **variables: str) -> Path:
        path = tmp_path / "llm.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        settings.BASE_DIR = tmp_path
        settings.LLM_CONFIG_FILE = path
        settings.LLM_ENVIRON = variables
        skips_forget()
        return path

    return start


@pytest.fixture
def report() -> Report:
    return Report()


@pytest.fixture
def ada(db):
    return get_user_model().objects.create_user("ada")


@pytest.fixture
def premium(db) -> Group:
    group = Group.objects.create(name="premium")
    Tier.objects.create(group=group, rank=20)
    return group


@pytest.fixture
def state(db):
    """Stores a row as an older release or a hand in the database may have left it."""

    def store(**fields: object) -> Preference:
        return Preference.objects.create(**{"version": 1, **fields})

    return store


@pytest.fixture
def api(ada) -> APIClient:
    """The API as ada calls it, with a token."""
    client = APIClient()
    _, token = AuthToken.objects.create(ada)
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


@pytest.fixture
def staff(db) -> Client:
    user = get_user_model().objects.create_superuser("root", password="x")
    client = Client()
    client.force_login(user)
    return client
