"""A real worker in the registry, from its start to its end."""

from datetime import timedelta

import pytest
from django.db.models import F

from tests.workers.waiting import wait_until
from tests.workers.worker_process import worker_process
from workers.models import WorkerNode
from workers.process.registry.selectors import nodes

QUEUES = ("llm.text_generation", "llm.text_generation.low")


@pytest.fixture
def worker(transactional_db, ollama, broker, tmp_path):
    options = ("-P", "threads", "-c", "3", "-Q", ",".join(QUEUES), "-n", "text@registry")
    with worker_process(tmp_path / "worker.log", *options) as process:
        wait_until(lambda: nodes().exclude(known_models=[]).filter(state="live"))
        yield process


def test_a_worker_announces_itself_and_says_when_it_stops(worker, ollama, tmp_path):
    node = nodes().get()
    assert (node.name, node.queues, node.concurrency) == ("text@registry", list(QUEUES), 3)
    assert (node.host, node.host_version) == (ollama.host, "0.99.0")
    assert node.default_config["TASK_TYPE_TEXT_GENERATION"]["model"] == "ok:3b"
    worker.terminate()
    worker.wait(30)
    assert nodes().get().state == "stopped"

    log = (tmp_path / "worker.log").read_text().splitlines()
    (line,) = [line for line in log if "Models:" in line]
    assert "WARNING" in line
    assert "Models: 2 configured, 0 present, missing: ok:1b (fallback of everyone" in line


def test_a_worker_that_is_killed_is_gone_when_its_heartbeats_are_missed(worker):
    worker.kill()
    worker.wait(30)
    assert nodes().get().state == "live"
    WorkerNode.objects.update(seen_at=F("seen_at") - timedelta(seconds=31))
    assert nodes().get().state == "gone"
