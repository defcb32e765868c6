"""A policy for the histories below, and moments between changes."""

import time
from datetime import datetime

import pytest
from django.utils import timezone

from tests.llmconfig.conftest import SEED


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED, LLM_ALLOWED_MODELS="llama3.*,qwen3")


@pytest.fixture
def allow(configure):
    """Changes what the environment allows."""
    return lambda models: configure(SEED, LLM_ALLOWED_MODELS=models)


@pytest.fixture
def root(django_user_model):
    return django_user_model.objects.create_superuser("root", password="x")


def moment() -> datetime:
    """Later than all that was done, and earlier than all that will be."""
    now = timezone.now()
    while timezone.now() == now:
        time.sleep(0)
    return now
