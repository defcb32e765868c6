"""A Redis that answers and refuses: runs are stored, one line is logged, the sweeper publishes."""

import pytest
import redis

from devstack.embedded.stack import Stack
from devstack.embedded.valkey import Valkey
from tests.workers.conftest import WEB_OPTIONS, publish_to
from tests.workers.process.test_worker_process import FAULTS
from tests.workers.submission.test_bulk_enqueue import asked, queued
from workers.messaging import publish
from workers.models import TaskRun
from workers.process.sweeper import sweep
from workers.submission.bulk_enqueue import enqueue_many
from workers.submission.enqueue import enqueue

PROMPT = {"prompt": "Say hello."}

pytestmark = pytest.mark.usefixtures("transactional_db", "config_file")


@pytest.fixture
def refusing(broker, tmp_path):
    """A broker of this test's own, and a client of it."""
    url, options = broker.conf.broker_url, broker.conf.broker_transport_options
    with Stack(tmp_path, parts=(Valkey,), environ={}) as stack:
        own = stack.environment["CELERY_BROKER_URL"]
        publish_to(broker, own, {**options, **WEB_OPTIONS})
        with redis.Redis.from_url(stack.environment["REDIS_URL"]) as client:
            yield client
        publish_to(broker, url, options)


def test_runs_are_accepted_while_redis_refuses_messages(broker, refusing, caplog):
    sweep()
    for begin, end in FAULTS.values():
        caplog.clear()
        refusing.execute_command(*begin)
        for _ in range(2):
            enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload=PROMPT)
            assert len(list(enqueue_many([asked()] * 2))) == 2
            publish._left_alone_until.clear()
        assert sweep() == 0
        assert set(TaskRun.objects.values_list("status", flat=True)) == {"pending"}
        refusing.execute_command(*end)
        assert sweep() == 6
        assert len(queued(broker)) == 6
        actions = [getattr(record, "action", record.message) for record in caplog.records]
        assert actions.count("broker_away") == 1
        TaskRun.objects.all().delete()
