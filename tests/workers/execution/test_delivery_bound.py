"""One delivery of a message ends before the broker takes its worker for dead."""

import pytest
from django.conf import settings

from config.settings import base
from llmconfig.models import Preference
from llmconfig.values.fields import FIELDS
from llmconfig.values.parameters import LOAD_TIMEOUT, MODEL_PARAMETERS
from workers.execution import runner
from workers.execution.database_patience import PATIENCE_SECONDS
from workers.execution.runner import (
    LONGEST_CELERY_WAIT_SECONDS,
    LONGEST_DELIVERY_SECONDS,
    run_deliver,
)
from workers.submission.enqueue import enqueue
from workers.tasks import DATABASE_RETRY_SECONDS

#: RabbitMQ's ``consumer_timeout``, and what we set on Redis.
BROKER_PATIENCE_SECONDS = 1800
#: A connection of the database's pool, a few times.
WAITS_SECONDS = 6 * settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"]


def test_a_delivery_ends_before_its_message_is_handed_out_again():
    longest_attempt = (
        MODEL_PARAMETERS[LOAD_TIMEOUT].maximum + FIELDS["timeout_seconds"].kind.maximum
    )
    assert longest_attempt <= LONGEST_DELIVERY_SECONDS
    assert LONGEST_DELIVERY_SECONDS + PATIENCE_SECONDS + WAITS_SECONDS < BROKER_PATIENCE_SECONDS
    assert max(LONGEST_CELERY_WAIT_SECONDS, DATABASE_RETRY_SECONDS) < BROKER_PATIENCE_SECONDS / 10
    options = base.CELERY_BROKER_TRANSPORT_OPTIONS
    assert options.get("visibility_timeout", BROKER_PATIENCE_SECONDS) >= BROKER_PATIENCE_SECONDS


@pytest.mark.parametrize(("limit", "deliveries"), [(0.0, 2), (LONGEST_DELIVERY_SECONDS, 1)])
def test_a_fallback_that_might_last_too_long_is_left_to_the_next_delivery(
    transactional_db, broker, ollama, person, monkeypatch, limit, deliveries
):
    monkeypatch.setattr(runner, "LONGEST_DELIVERY_SECONDS", limit)
    Preference.objects.create(user=person, model="missing:7b")
    run = enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "x"}, user_id=person.pk)
    for _ in range(deliveries):
        run.refresh_from_db()
        assert run.status in ("queued", "retrying")
        run_deliver(run.pk)
    run.refresh_from_db()
    assert (run.status, run.model_used, run.losses) == ("succeeded", "ok:1b", 0)
    assert [a.outcome for a in run.attempts.all()] == ["unusable", "succeeded"]
    assert run.deliveries == deliveries
