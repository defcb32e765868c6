"""A worker that does what a test says: it claims a run, says words and ends it."""

from django.utils import timezone

from workers.execution.attempt_rows import attempt_save, next_number
from workers.execution.plan import Try
from workers.models import Attempt, TaskRun
from workers.runs.claims import claim_take
from workers.runs.outcomes import Outcome
from workers.runs.signals import changed
from workers.runs.transitions import run_fail, run_succeed
from workers.streaming.attempt_stream import spoken
from workers.streaming.cursors import Take
from workers.task_types import get

STEP = Try(model="ok:3b", is_fallback=False, timeout_seconds=60, budget_seconds=60)


class Speaker:
    """One delivery of a run and its attempts."""

    def __init__(self, run):
        self.claim = claim_take(run.pk)
        assert self.claim is not None
        self.run = TaskRun.objects.get(pk=run.pk)
        self._begin()

    def say(self, words):
        self._hear(words)

    def fail(self, outcome=Outcome.TRANSIENT):
        """The attempt fails, and the next one begins at once."""
        self._save(outcome)
        self._begin()

    def save_answer(self):
        """The attempt has its row before its run has: for who reads the two apart."""
        self._save(Outcome.SUCCEEDED)
        self._is_saved = True

    def succeed(self, content):
        if not self._is_saved:
            self._save(Outcome.SUCCEEDED)
        assert run_succeed(
            self.claim,
            self.run,
            {"content": content},
            [self._attempt],
            model="ok:3b",
            is_fallback=False,
        )

    def give_up(self):
        self._save(Outcome.REJECTED)
        assert run_fail(self.claim, self.run, "rejected", "No.")

    def _begin(self):
        self._is_saved = False
        self._earlier = list(self.run.attempts.all())
        self._attempt = Attempt(
            run=self.run, model=STEP.model, host="http://gpu:11434", started_at=timezone.now()
        )
        take = Take(self.run.deliveries, next_number(self._earlier))
        self._speech = spoken(self._attempt, get(self.run.task_type), take, self.claim.lost)
        self._hear = self._speech.__enter__()

    def _save(self, outcome):
        self._speech.__exit__(None, None, None)
        self._attempt.outcome, self._attempt.duration_ms = outcome, 1
        attempt_save(self._attempt, self._earlier)
        changed(self.run.pk)
