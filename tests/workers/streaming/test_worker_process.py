"""What a worker process says reaches who watches, also when it is killed while it speaks."""

from datetime import timedelta

from django.utils import timezone

from tests.workers.worker_process import WorkerProcess
from workers.models import TaskRun
from workers.testing.behaviours import Ok, StallAfter

TEXT = "A text of another worker."


def test_another_worker_takes_over_in_the_middle_of_a_text(
    broker, ollama, web, token, ask, tmp_path, finished, settings
):
    redis = {"REDIS_URL": settings.REDIS_URL}
    ollama.script("ok:3b", [StallAfter(), Ok(text=TEXT, delay=0.1)])
    run = ask()
    # In children of a prefork pool a fork lies between the process that began and who speaks.
    with WorkerProcess(tmp_path, "prefork", 1, **redis) as worker:
        seen = web.watch(run, token)
        seen.wait("text", seconds=40)
        worker.kill()
    TaskRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    with WorkerProcess(tmp_path, "prefork", 1, **redis):
        seen.wait_end(40)
    assert finished(run).losses == 1
    assert seen.text == TEXT
    assert seen.of("reset") == [{"attempt": 1}]
    assert seen.names()[-1] == "end"
