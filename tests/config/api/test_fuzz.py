"""A few requests to each operation, made from its description, right and wrong ones: nothing
crashes, and every answer is as described. ``python -m benchmarks.fuzz`` sends many more, to real
processes."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from knox.models import AuthToken

from tests.config.api.openapi import description
from tests.llmconfig.conftest import SEED

schema = schemathesis.openapi.from_dict(description())
schema.app = get_wsgi_application()
# Cases at every bound take minutes.
schema.config.phases.coverage.enabled = False
#: They change who is calling.
LOG_OUT = ["log_out", "log_out_everywhere"]


@pytest.fixture
def in_transaction():
    """Calls are made in the transaction of the test, as Django's test client calls it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def token(settings, tmp_path, django_user_model):
    settings.LLM_CONFIG_FILE = tmp_path / "llm.yaml"
    settings.LLM_CONFIG_FILE.write_text(SEED)
    settings.LLM_ENVIRON = {}
    return AuthToken.objects.create(django_user_model.objects.create_superuser("root"))[1]


@pytest.mark.django_db
@schema.exclude(operation_id=LOG_OUT).parametrize()
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_described(case, in_transaction, token):
    case.call_and_validate(headers={"Authorization": f"Token {token}"})
