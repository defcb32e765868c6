"""What a child of a pool counts reaches the parent. Real pools: see ``test_worker_process``."""

import pytest

from tests.workers.waiting import wait_until
from workers.metrics import book, relay

TEXT = "TASK_TYPE_TEXT_GENERATION"


@pytest.fixture(autouse=True)
def opened():
    relay.relay_open()
    yield
    relay.relay_close()


@pytest.fixture
def as_child(monkeypatch):
    """This process, as if it had been forked from the one that opened the relay."""
    with monkeypatch.context() as patch:
        patch.setattr(relay._relay, "_parent", -1)
        yield


def test_a_child_s_booking_is_counted_by_the_parent(counted, as_child):
    book.run_ended(TEXT, "succeeded")
    assert counted("llm_runs_total", task_type=TEXT, status="succeeded") == 0
    relay.relay_receive(book.apply)
    wait_until(lambda: counted("llm_runs_total", task_type=TEXT, status="succeeded") == 1)


def test_the_parent_books_for_itself(counted):
    book.run_ended(TEXT, "failed")
    assert counted("llm_runs_total", task_type=TEXT, status="failed") == 1


def test_a_child_whose_parent_does_not_read_is_not_held_up(counted, as_child):
    for _ in range(20_000):
        book.leases_lost(1)
    relay.relay_receive(book.apply)
    wait_until(lambda: counted("llm_leases_lost_total") > 0)
    assert counted("llm_leases_lost_total") < 20_000


def test_a_child_whose_parent_is_gone_works_on(as_child):
    relay._relay.close()
    book.run_ended(TEXT, "succeeded")
