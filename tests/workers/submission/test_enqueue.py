"""``enqueue`` with an idempotency key: one run, however often and at once it is asked for."""

import threading

import pytest
from django.db import connection, transaction

from workers.models import TaskRun
from workers.runs.errors import TooManyActiveRuns
from workers.submission.enqueue import enqueue

PROMPT = {"task_type": "TASK_TYPE_TEXT_GENERATION", "payload": {"prompt": "x"}}


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """The runs that are published."""
    runs = []
    monkeypatch.setattr("workers.submission.enqueue.run_publish", runs.append)
    return runs


def test_a_key_that_is_taken_stands_for_its_run(
    db, config_file, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        first = enqueue(**PROMPT, idempotency_key="invoice 7")
        again = enqueue(**PROMPT, idempotency_key="invoice 7")
    assert again == first
    assert sent == [first]
    assert enqueue(**PROMPT, idempotency_key="invoice 8") != first
    assert enqueue(**PROMPT) != enqueue(**PROMPT)


def test_a_run_that_is_there_needs_no_admission(db, config_file):
    def refuse():
        raise TooManyActiveRuns

    first = enqueue(**PROMPT, idempotency_key="a")
    assert enqueue(**PROMPT, idempotency_key="a", admit=refuse) == first
    with pytest.raises(TooManyActiveRuns):
        enqueue(**PROMPT, idempotency_key="b", admit=refuse)


def test_a_key_that_is_taken_leaves_the_callers_transaction_whole(db, config_file, monkeypatch):
    first = enqueue(**PROMPT, idempotency_key="a")
    looks = iter([None, first])
    monkeypatch.setattr("workers.submission.enqueue._run_of_key", lambda key: next(looks))
    with transaction.atomic():
        assert enqueue(**PROMPT, idempotency_key="a") == first
        assert TaskRun.objects.count() == 1


def test_of_many_who_use_a_key_at_once_all_have_the_same_run(transactional_db, config_file):
    together, told = threading.Barrier(4), []

    def work():
        together.wait(10)
        try:
            told.append(enqueue(**PROMPT, idempotency_key="a").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(told) == 4
    assert set(told) == set(TaskRun.objects.values_list("pk", flat=True))
    assert TaskRun.objects.count() == 1
