"""The port of a worker, over real sockets."""

import http.client
import json
import logging
import socket
import threading
from urllib.parse import urlsplit

import pytest

from tests.workers.waiting import wait_until
from workers.background_thread import BackgroundThread
from workers.process.metrics_server.answers import Answers
from workers.process.metrics_server.server import server_open
from workers.process.metrics_server.watch import Watch
from workers.process.registry.missing import Missing


class Turning(BackgroundThread):
    every_seconds = 0.01

    def __init__(self):
        super().__init__("turning")
        self.looks = 0

    def tick(self):
        self.looks += 1


@pytest.fixture
def turning():
    thread = Turning()
    thread.start()
    yield thread
    thread.stop()
    thread.join()


@pytest.fixture
def watch():
    return Watch(())


@pytest.fixture
def found():
    """What the looks at the models found."""
    return [None]


@pytest.fixture
def opened(settings, turning, watch, found):
    servers = []

    def start(port=0, address="127.0.0.1"):
        settings.LLM_WORKER_METRICS_ADDRESS, settings.LLM_WORKER_METRICS_PORT = address, port
        server = server_open(
            Answers(threads=lambda: [turning], watch=watch, missing=lambda: found[-1])
        )
        if server:
            servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(autouse=True)
def warnings_are_logged(caplog):
    # The suite's own Celery worker lowers the root logger to errors.
    caplog.set_level(logging.WARNING)


def ask(server, path, method="GET", **headers):
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read().decode()
    finally:
        connection.close()


def test_a_worker_whose_threads_turn_is_healthy(opened):
    status, _, body = ask(opened(), "/healthz")
    assert (status, json.loads(body)) == (200, {"status": "ok", "turning": "ok"})


def test_a_worker_with_a_dead_thread_is_not(opened, turning):
    turning.stop()
    turning.join()
    status, _, body = ask(opened(), "/healthz")
    assert (status, json.loads(body)) == (503, {"status": "unavailable", "turning": "stuck"})


def test_a_worker_with_a_hanging_thread_is_not(opened, turning, monkeypatch):
    hang, hanging = threading.Event(), threading.Event()

    def tick():
        hanging.set()
        hang.wait()

    monkeypatch.setattr(turning, "tick", tick)
    assert hanging.wait(10)
    monkeypatch.setattr("workers.background_thread.LONGEST_LOOK_SECONDS", 0.1)
    server = opened()
    wait_until(lambda: ask(server, "/healthz")[0] == 503)
    hang.set()
    wait_until(lambda: ask(server, "/healthz")[0] == 200)


def test_before_anything_was_looked_at_nothing_is_known(opened):
    status, _, body = ask(opened(), "/readyz")
    unknown = dict.fromkeys(("database", "broker", "model_server", "models"), "unknown")
    assert (status, json.loads(body)) == (503, {"status": "unavailable", **unknown})


@pytest.fixture
def parts_answer(monkeypatch):
    parts = dict.fromkeys(("database", "broker", "model_server"), "ok")
    monkeypatch.setattr(Watch, "parts", parts)


@pytest.mark.usefixtures("parts_answer")
def test_a_missing_model_is_named_and_a_task_type_without_any_is_not_ready(opened, found):
    server = opened()
    found.append(Missing(models=("a:1",)))
    status, _, body = ask(server, "/readyz")
    told = json.loads(body)
    assert (status, told["models"], told["missing_models"]) == (200, "ok", ["a:1"])
    found.append(Missing(models=("a:1", "b:1"), task_types=("TASK_TYPE_TEXT_GENERATION",)))
    status, _, body = ask(server, "/readyz")
    told = json.loads(body)
    assert (status, told["models"]) == (503, "missing")
    assert told["task_types_without_model"] == ["TASK_TYPE_TEXT_GENERATION"]


def test_metrics_are_told_as_prometheus_reads_them(opened):
    status, content_type, body = ask(opened(), "/metrics")
    assert status == 200
    assert content_type.startswith("text/plain")
    assert "# TYPE llm_runs_total counter" in body
    assert "# TYPE llm_parked gauge" in body


def test_a_query_is_no_part_of_the_path_and_head_has_no_body(opened):
    server = opened()
    assert ask(server, "/healthz?x=1")[0] == 200
    assert ask(server, "/healthz", method="HEAD")[::2] == (200, "")


@pytest.mark.parametrize("path", ["/", "/admin", "/metrics/../x"])
def test_there_is_nothing_else(opened, path):
    assert ask(opened(), path)[0] == 404


def test_nothing_can_be_posted(opened):
    assert ask(opened(), "/healthz", method="POST")[0] == 501


def test_two_workers_of_one_machine_get_two_ports(opened):
    one, other = opened(0), opened(0)
    assert one.url != other.url
    assert ask(one, "/healthz")[0] == ask(other, "/healthz")[0] == 200


def test_a_port_that_is_taken_is_one_line_in_the_log(opened, caplog):
    taken = urlsplit(opened(0).url).port
    assert opened(taken) is None
    (line,) = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert str(taken) in line.getMessage()
    assert line.exc_info is None


@pytest.mark.parametrize("address", ["no.such.host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_this_machine_s_is_one_line_too(opened, caplog, address):
    assert opened(0, address) is None
    assert address in caplog.text


def test_no_port_is_opened_where_none_is_wanted(opened):
    assert opened(None) is None


def test_who_listens_everywhere_tells_the_machine_s_name(opened):
    server = opened(0, "0.0.0.0")  # noqa: S104  (what is tested)
    assert urlsplit(server.url).hostname == socket.gethostname().lower()


def test_a_client_that_says_nothing_holds_nobody_up(opened):
    server = opened()
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port)):
        assert ask(server, "/healthz")[0] == 200
