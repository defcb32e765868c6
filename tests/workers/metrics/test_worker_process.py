"""The port of a real worker process, on both pools."""

import json
import socket
import urllib.error
import urllib.request

import pytest

from tests.workers.waiting import wait_until
from tests.workers.worker_process import worker_process
from workers.process.registry.selectors import nodes_live
from workers.submission.enqueue import enqueue

TEXT = "TASK_TYPE_TEXT_GENERATION"
OPTIONS = ("-c", "2", "-Q", "llm.text_generation,llm.text_generation.low")


@pytest.fixture
def start(transactional_db, broker, ollama, tmp_path):
    """Starts workers as context managers, by node name."""

    def begin(name, *options, **environment):
        return worker_process(
            tmp_path / f"{name}.log", "-n", name, *OPTIONS, *options, **environment
        )

    return begin


@pytest.fixture
def opened_port():
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def address_of(name):
    """Where the worker says that it is reached, once its models are known."""
    live = nodes_live().filter(name=name).exclude(known_models=[])
    return wait_until(lambda: live.values_list("metrics_address", flat=True).first())


def ask(address, path):
    try:
        with urllib.request.urlopen(f"{address}{path}", timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_worker_tells_its_health_and_what_it_did(start, pool, person, finished, ollama):
    ollama.load("ok:3b")
    with start("text@metrics", "-P", pool):
        address = address_of("text@metrics")
        assert address.startswith("http://127.0.0.1:")
        status, body = ask(address, "/healthz")
        assert status == 200
        assert {"sweeper", "registrar", "watch"} <= json.loads(body).keys()
        wait_until(lambda: ask(address, "/readyz")[0] == 200)

        run = enqueue(task_type=TEXT, payload={"prompt": "x"}, user_id=person.pk)
        assert finished(run, seconds=40).status == "succeeded"
        ended = f'llm_runs_total{{status="succeeded",task_type="{TEXT}"}} 1.0'
        wait_until(lambda: ended in ask(address, "/metrics")[1])
        told = ask(address, "/metrics")[1]
        assert 'llm_worker_info{name="text@metrics"' in told
        assert 'llm_attempts_total{model="ok:3b",outcome="succeeded"} 1.0' in told


def test_a_worker_whose_port_is_taken_works_without(start, opened_port, tmp_path):
    with start("text@taken", "-P", "threads", LLM_WORKER_METRICS_PORT=str(opened_port)):
        node = wait_until(lambda: nodes_live().filter(name="text@taken").first())
        assert node.metrics_address == ""
    told = (tmp_path / "text@taken.log").read_text()
    assert f"No health and metrics: 127.0.0.1:{opened_port} cannot be used" in told
    assert "Traceback" not in told
