"""Messages of many runs: one for each that waits, whoever else sends, whatever the broker does."""

import threading

import pytest
from django.db import connection

from tests.workers.conftest import publish_to
from tests.workers.submission.test_bulk_enqueue import asked, queued
from workers.messaging.bulk_publish import runs_publish, runs_send
from workers.messaging.publish import BROKER_AWAY
from workers.models import TaskRun
from workers.process.sweeper import sweep
from workers.streaming import publisher
from workers.submission.bulk_enqueue import enqueue_many

pytestmark = pytest.mark.usefixtures("transactional_db", "config_file")


def waiting(number):
    return [outcome.run for outcome in enqueue_many([asked()] * number, publish=False)]


def test_two_who_send_the_same_runs_send_each_once(broker):
    runs = waiting(600)
    sent = []
    start = threading.Barrier(2)

    def work(mine):
        start.wait()
        sent.append(runs_send(mine))
        connection.close()

    threads = [threading.Thread(target=work, args=(each,)) for each in (runs, runs[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent.append(sweep())
    assert sum(sent) == 600
    assert len(queued(broker)) == 600


def test_a_run_without_a_queue_is_left_and_holds_up_no_other(broker):
    runs = waiting(3)
    TaskRun.objects.filter(pk=runs[0].pk).update(queue="llm.gone", status="retrying")
    TaskRun.objects.filter(pk=runs[1].pk).update(task_type="TASK_TYPE_GONE")
    assert runs_send(TaskRun.objects.order_by("created_at")) == 1
    statuses = [TaskRun.objects.get(pk=run.pk).status for run in runs]
    assert statuses == ["retrying", "pending", "queued"]


def test_what_does_not_wait_is_not_sent(broker):
    runs = waiting(4)
    TaskRun.objects.filter(pk=runs[0].pk).update(status="queued")
    TaskRun.objects.filter(pk=runs[1].pk).update(parked_on="http://elsewhere:11434")
    TaskRun.objects.filter(pk=runs[2].pk).delete()
    assert runs_send(runs) == 1
    assert [run.status for run in runs] == ["pending", "pending", "pending", "queued"]


@pytest.mark.parametrize("warm", [True, False], ids=["connected before", "never connected"])
@pytest.mark.parametrize("fault", ["cut", "freeze"])
def test_a_broker_that_is_away_leaves_the_rows_as_they_were(broker, wire, warm, fault):
    if warm:
        runs_send(waiting(1))
    runs = waiting(2)
    TaskRun.objects.filter(pk=runs[0].pk).update(status="retrying")
    getattr(wire, fault)()
    with pytest.raises(BROKER_AWAY):
        runs_send(TaskRun.objects.filter(pk__in=[run.pk for run in runs]))
    rows = [TaskRun.objects.get(pk=run.pk) for run in runs]
    assert [(row.status, row.published_at) for row in rows] == [
        ("retrying", None),
        ("pending", None),
    ]
    # A request does not raise, and the next one does not even try.
    runs_publish(runs)
    wire.mend() if fault == "cut" else wire.thaw()
    runs_publish(runs)
    assert [run.status for run in runs] == ["pending", "pending"]
    assert sweep() == 2


@pytest.fixture
def heard(monkeypatch):
    """The runs whose event streams are notified of a change."""
    runs = []
    monkeypatch.setattr(publisher.current(), "changed", lambda *run_ids: runs.extend(run_ids))
    return runs


def test_event_streams_of_a_batch_are_notified_at_once(broker, heard):
    runs = waiting(3)
    runs_send(runs)
    assert sorted(heard) == sorted(run.pk for run in runs)


def test_event_streams_of_a_batch_are_notified_when_it_is_taken_back(broker, wire, heard):
    run = waiting(1)[0]
    wire.cut()
    runs_publish([run])
    assert heard == [run.pk] * 2


@pytest.fixture
def one_by_one(broker):
    """A broker that takes one message at a time."""
    url, options = broker.conf.broker_url, broker.conf.broker_transport_options
    publish_to(broker, "memory://", {})
    yield broker
    publish_to(broker, url, options)


def test_a_broker_that_takes_one_at_a_time_gets_them_so(one_by_one):
    assert runs_send(waiting(3)) == 3
    assert len(queued(one_by_one)) == 3


def test_a_broker_that_was_restarted_in_between_takes_the_next_messages(broker, wire):
    runs_send(waiting(1))
    wire.cut()
    wire.mend()
    assert runs_send(waiting(2)) == 2
    assert len(queued(broker)) == 3
