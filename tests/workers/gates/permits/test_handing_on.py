"""Free permits go to the runs that wait, in their order, and to nobody twice."""

from datetime import timedelta

from django.utils import timezone

from tests.workers.gates.permits.conftest import HOST, MODEL, QUEUE, known, statuses, take
from workers.gates.parking import Releaser
from workers.gates.permits import handing_on
from workers.gates.permits.handing_on import permits_hand_on
from workers.messaging.publish import BROKER_AWAY
from workers.models import TaskRun
from workers.runs.claims import claim_release

NOW = timezone.now


def ago(seconds):
    return NOW() - timedelta(seconds=seconds)


def hand_on():
    return permits_hand_on(HOST, MODEL)


def test_where_nobody_waits_nothing_is_woken(transactional_db):
    assert hand_on() == 0


def test_the_oldest_run_is_woken_and_its_permit_reserved(wait, claimed):
    young, old = wait(created_at=ago(1)), wait(created_at=ago(9))
    assert hand_on() == 1
    assert statuses([old, young]) == ["queued", "retrying"]
    assert take(claimed()) is None
    assert hand_on() == 0


def test_normal_runs_are_woken_before_low_ones(wait):
    low, normal = wait(priority="low", created_at=ago(9)), wait(created_at=ago(1))
    hand_on()
    assert statuses([normal, low]) == ["queued", "retrying"]


def test_as_many_are_woken_as_permits_are_free(wait, claimed, settings):
    settings.LLM_HOST_CONCURRENCY = 3
    take(claimed())
    runs = [wait(created_at=ago(9 - number)) for number in range(4)]
    assert hand_on() == 2
    assert statuses(runs) == ["queued", "queued", "retrying", "retrying"]


def test_no_run_is_woken_while_all_permits_are_held(wait, claimed):
    claim = claimed()
    take(claim)
    wait()
    assert hand_on() == 0
    claim_release(claim)
    assert hand_on() == 1


def test_a_run_of_another_model_is_not_woken(wait):
    wait()
    assert permits_hand_on(HOST, "small:1b") == 0


def test_a_run_past_its_deadline_is_not_woken(wait):
    wait(deadline=ago(1))
    assert hand_on() == 0


def test_a_queue_that_does_not_answer_its_wake_up_is_passed_over(wait, store, pool):
    store(status="queued", permit_id=pool.id, published_at=ago(3))
    wait(created_at=ago(9))
    other = wait(queue="llm.weekly_report", task_type="TASK_TYPE_WEEKLY_REPORT")
    assert hand_on() == 1
    assert statuses([other]) == ["queued"]


def test_one_is_tried_beyond_the_learned_number_when_the_others_have_begun(wait, claimed):
    known(learned=1, longest_seconds=6.0)
    wait(created_at=ago(9))
    wait(created_at=ago(8))
    # Nothing is open yet: only the permit that is known is handed on.
    assert hand_on() == 1
    TaskRun.objects.filter(status="queued").delete()
    take(claimed())
    assert hand_on() == 1


def test_a_run_that_a_wait_would_end_is_not_tried(wait, claimed):
    known(learned=1, longest_seconds=6.0)
    take(claimed())
    wait(llm_config={"timeout_seconds": 10})
    assert hand_on() == 0


def test_runs_that_the_broker_does_not_take_wait_on(wait, monkeypatch):
    def away(_run):
        raise BROKER_AWAY[1]("refused")

    run = wait()
    monkeypatch.setattr(handing_on, "message_send", away)
    assert hand_on() == 0
    run.refresh_from_db()
    assert (run.status, run.permit_id, run.published_at) == ("retrying", None, None)
    assert run.parked_on == f"permit {HOST} {MODEL}"


def test_the_releaser_hands_on_what_a_killed_process_held(wait, claimed, ollama):
    take(claimed())
    run = wait()
    releaser = Releaser([QUEUE])
    releaser.tick()
    assert statuses([run]) == ["retrying"]
    TaskRun.objects.filter(status="running").update(lease_expires_at=ago(1))
    releaser.tick()
    assert statuses([run]) == ["queued"]
