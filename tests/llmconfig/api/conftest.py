"""Ada, bob and a tier, and the API as each of them calls it."""

import pytest

from tests.llmconfig.api.scopes import World, client, permit
from tests.llmconfig.conftest import SEED


@pytest.fixture
def world(configure, ada, django_user_model, premium) -> World:
    configure(SEED, LLM_ALLOWED_MODELS="llama3.*,qwen3")
    return World(ada=ada, bob=django_user_model.objects.create_user("bob"), premium=premium)


@pytest.fixture
def editor(world):
    """Ada, whom the admin lets add, change and delete preferences."""
    permit(world.ada, "add", "change", "delete")
    return client(world.ada)
