"""Two beats as the Procfile starts them."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import pytest
from django_celery_beat.models import PeriodicTask

from config.env import PROJECT
from tests.config.beat.test_leadership import end_sessions
from tests.workers.waiting import wait_until
from tests.workers.worker_process import database_url

LEADS, FOLLOWS = "This beat leads.", "Another beat leads; this one waits."
START_SECONDS = 90


class BeatProcess:
    def __init__(self, log):
        self.log = log
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "beat"]
        with log.open("w") as output:
            self.popen = subprocess.Popen(
                [*command, "--pidfile=", "--loglevel", "INFO"],
                cwd=PROJECT,
                env={**os.environ, "DATABASE_URL": database_url()},
                stdout=output,
                stderr=output,
            )

    def said(self, text):
        return self.log.read_text().count(text)

    def end(self, number):
        self.popen.send_signal(number)
        return self.popen.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.popen.poll() is None:
            self.end(signal.SIGKILL)


@pytest.mark.django_db(transaction=True)
def test_of_two_beats_one_leads_whatever_becomes_of_the_other(tmp_path):
    with ExitStack() as stack:
        first = stack.enter_context(BeatProcess(tmp_path / "first.log"))
        wait_until(lambda: first.said(LEADS), START_SECONDS)
        wait_until(lambda: PeriodicTask.objects.count() == 2)
        second = stack.enter_context(BeatProcess(tmp_path / "second.log"))
        wait_until(lambda: second.said(FOLLOWS), START_SECONDS)

        first.end(signal.SIGKILL)
        wait_until(lambda: second.said(LEADS))

        third = stack.enter_context(BeatProcess(tmp_path / "third.log"))
        wait_until(lambda: third.said(FOLLOWS), START_SECONDS)
        assert second.end(signal.SIGTERM) == 0
        wait_until(lambda: third.said(LEADS))

        end_sessions()
        wait_until(lambda: third.said(LEADS) == 2)
        assert third.end(signal.SIGTERM) == 0
        assert "Traceback" not in third.log.read_text()
