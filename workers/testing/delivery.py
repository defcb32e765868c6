"""Working on a run inside a test, without a worker and without waiting."""

from django.db.models.functions import Now

from workers.execution.runner import run_deliver
from workers.runs.models import TaskRun
from workers.runs.states import FINAL, OPEN, Status

MOST_DELIVERIES = 100


def run_finish(run: TaskRun) -> TaskRun:
    """Deliver a run and its parts in this thread until it has ended; the run as it is then.

    Waits between attempts are skipped. Connections are closed while a model writes, so the test
    needs a real transaction: ``@pytest.mark.django_db(transaction=True)``. Raises AssertionError
    when the run goes on and on, as one whose model server stays away does.
    """
    for _ in range(MOST_DELIVERIES):
        run_deliver(run.pk)
        fresh = TaskRun.objects.prefetch_related("attempts").get(pk=run.pk)
        if fresh.status in FINAL:
            return fresh
        parts = TaskRun.objects.filter(parent=run.pk, status__in=OPEN)
        for part in parts.order_by("created_at"):
            run_finish(part)
        TaskRun.objects.filter(pk=run.pk, status=Status.RETRYING).update(
            available_at=Now(), parked_on=""
        )
    raise AssertionError(f"still {fresh.status} after {MOST_DELIVERIES} deliveries")
