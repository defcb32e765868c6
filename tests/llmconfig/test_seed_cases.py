"""The cases that the product was asked for, in their own words and with their own YAML."""

from llmconfig.models import Preference
from llmconfig.resolution.selectors import config_resolve
from llmconfig.store.services import preference_save
from tests.llmconfig.conftest import ANALYSIS, INSIGHT, REPORT, SEED


def test_a_user_without_rows_gets_the_task_types_model(configure, ada):
    configure(SEED)
    config = config_resolve(user_id=ada.pk, task_type=INSIGHT)
    assert (config.model, config.timeout_seconds, config.max_retries) == ("llama3.2:3b", 45, 2)
    assert config.fallback_model == "llama3.2:1b"
    assert config.source == "task_type"


def test_a_users_own_model_keeps_the_task_types_timeout(configure, ada):
    configure(SEED)
    preference_save(preference=Preference(user=ada, model="llama3.2:7b"), by=ada)
    config = config_resolve(user_id=ada.pk, task_type=REPORT)
    assert (config.model, config.timeout_seconds) == ("llama3.2:7b", 120)
    assert config.source == "user"


def test_data_analyses_have_their_own_timeout(configure, db):
    configure(SEED)
    config = config_resolve(user_id=None, task_type=ANALYSIS)
    assert (config.model, config.timeout_seconds, config.max_retries) == ("llama3.2:3b", 90, 3)
