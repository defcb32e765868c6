"""A RabbitMQ queue that was deleted: messages come back, and old connections declare it again."""

import pytest

from tests.workers.submission.test_bulk_enqueue import asked, queued
from workers.models import TaskRun
from workers.submission.bulk_enqueue import enqueue_many
from workers.submission.enqueue import enqueue

QUEUE = "llm.text_generation"
PROMPT = {"prompt": "Say hello."}

pytestmark = pytest.mark.usefixtures("transactional_db", "config_file")


@pytest.fixture
def deleted(transactional_db, broker, config_file):
    """The queue was deleted; connections that have declared it stand."""
    with broker.connection_for_write() as connection:
        if connection.transport.driver_type != "amqp":
            pytest.skip("queues of Redis are not declared")
        enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload=PROMPT)
        connection.default_channel.queue_delete(QUEUE)


@pytest.mark.usefixtures("deleted")
def test_a_run_whose_queue_was_deleted_is_published_all_the_same(broker, caplog):
    run = enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload=PROMPT)
    assert (run.status, len(queued(broker))) == ("queued", 1)
    assert [record.action for record in caplog.records] == ["message_returned"]


@pytest.mark.usefixtures("deleted")
def test_many_runs_whose_queue_was_deleted_are_published_all_the_same(broker, caplog):
    assert len(list(enqueue_many([asked()] * 3))) == 3
    assert len(queued(broker)) == 3
    assert set(TaskRun.objects.values_list("status", flat=True)) == {"queued"}
    assert [record.action for record in caplog.records] == ["message_returned"]
