import http.server
import threading

import pytest

from devstack.embedded.procfile import read
from devstack.embedded.readiness import is_worker, known_host, web_answers
from tests.devstack.embedded.support import PROJECT


@pytest.fixture
def web():
    """A web process that answers with the statuses it is given; its port and the hosts asked."""
    statuses, hosts = [], []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            hosts.append(self.headers["Host"])
            self.send_response(statuses.pop(0))
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, statuses, hosts
        server.shutdown()
        thread.join()


def test_only_a_well_web_process_is_ready(web):
    port, statuses, hosts = web
    statuses += [503, 400, 200]
    answers = [web_answers("127.0.0.1", port, "example.com") for _ in range(3)]
    assert answers == [False, False, True]
    assert set(hosts) == {"example.com"}


def test_nothing_answers_where_nothing_listens(web):
    assert not web_answers("127.0.0.1", 9)


@pytest.mark.parametrize(
    ("allowed", "name"),
    [
        ("", "localhost"),
        ("*", "localhost"),
        (".example.com,other", "example.com"),
        ("a.example, b.example", "a.example"),
    ],
)
def test_the_web_process_is_asked_under_a_name_that_it_knows(allowed, name):
    assert known_host(allowed) == name


def test_the_shipped_workers_are_waited_for():
    workers = [entry.name for entry in read(PROJECT / "Procfile") if is_worker(entry)]
    assert len(workers) == 4
    assert all(name.startswith("worker_") for name in workers)
