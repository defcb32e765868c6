"""The plan, played to its end against whatever may happen: rules that hold for every run."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from tests.workers.execution.test_plan import FALLBACK, HOST, PRIMARY, config
from workers.execution.plan import Park, Past, RetryLater, Stop, Try, View, first_step, next_step
from workers.runs.obstacles import Kind
from workers.runs.outcomes import Cause, Outcome

FAILURES = [o for o in Outcome if o not in {Outcome.SUCCEEDED, Outcome.SKIPPED}]
MODELS = st.sets(st.sampled_from([PRIMARY, FALLBACK]))
#: More steps than any run may take in which obstacles end.
MANY = 500


@dataclass(frozen=True)
class Moment:
    """What the world does at one step."""

    outcome: Outcome
    too_long: bool
    #: Of the time that an attempt may use.
    used: float
    jitter: float
    retry_after: float | None
    blocked: frozenset[str]
    paused: frozenset[str]
    host_is_down: bool


moments = st.builds(
    Moment,
    outcome=st.sampled_from(FAILURES),
    too_long=st.booleans(),
    used=st.floats(min_value=0, max_value=1),
    jitter=st.floats(min_value=0, max_value=1),
    retry_after=st.none() | st.floats(min_value=0, max_value=1000),
    blocked=st.frozensets(st.sampled_from([PRIMARY, FALLBACK])),
    paused=st.frozensets(st.sampled_from([PRIMARY, FALLBACK])),
    host_is_down=st.booleans(),
)
CALM = Moment(Outcome.TRANSIENT, False, 1.0, 1.0, None, frozenset(), frozenset(), False)
configs = st.builds(
    config,
    max_retries=st.integers(min_value=0, max_value=10),
    timeout_seconds=st.integers(min_value=1, max_value=300),
    fallback_model=st.sampled_from(["", FALLBACK]),
)


@dataclass
class Play:
    """One run, from its first step to its last."""

    config: object
    world: list[Moment]
    forbidden: frozenset[str]
    deadline: float
    windows: dict[str, int] = field(default_factory=dict)
    now: float = 0.0
    past: list[Past] = field(default_factory=list)
    #: (step, view, moment it began).
    tries: list[tuple[Try, View, float]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def to_the_end(self) -> Stop:
        delivered = True
        for count in range(MANY):
            moment = self.world[count] if count < len(self.world) else CALM
            view = self.view(moment)
            if delivered:
                step = first_step(self.config, self.past, view)
            else:
                step = next_step(
                    self.config, self.past, view, draw=lambda limit, m=moment: limit * m.jitter
                )
            delivered = self.act(step, view, moment)
            if isinstance(step, Stop):
                return step
        raise AssertionError(f"no end after {MANY} steps: {self.past}")

    def view(self, moment: Moment) -> View:
        return View(
            remaining_seconds=self.deadline - self.now,
            host=HOST,
            host_is_down=moment.host_is_down,
            paused_models=moment.paused,
            blocked=moment.blocked,
            forbidden=self.forbidden,
            context_windows=self.windows,
        )

    def act(self, step, view: View, moment: Moment) -> bool:
        """Whether the next step begins a delivery."""
        for model in getattr(step, "skipped", ()):
            self.past.append(Past(model=model, outcome=Outcome.SKIPPED))
        if isinstance(step, Try):
            self.tries.append((step, view, self.now))
            self.now += step.budget_seconds * moment.used
            self.past.append(_ended(step, moment))
        elif isinstance(step, RetryLater):
            self.waits.append(step.delay_seconds)
            self.now += step.delay_seconds
        elif isinstance(step, Park):
            self.now += 1.0
        return not isinstance(step, Try)


def _ended(step: Try, moment: Moment) -> Past:
    too_long = moment.outcome is Outcome.UNUSABLE and moment.too_long
    return Past(
        model=step.model,
        outcome=moment.outcome,
        cause=Cause.CONTEXT_OVERFLOW if too_long else None,
        retry_after_seconds=moment.retry_after if moment.outcome is Outcome.TRANSIENT else None,
    )


plays = st.builds(
    Play,
    config=configs,
    world=st.lists(moments, max_size=40),
    forbidden=st.just(frozenset()) | MODELS.map(frozenset),
    deadline=st.floats(min_value=0.01, max_value=86_400),
    windows=st.dictionaries(st.sampled_from([PRIMARY, FALLBACK]), st.sampled_from([1024, 4096])),
)


@given(plays)
def test_every_run_comes_to_an_end(play):
    assert play.to_the_end().code


@given(plays)
def test_no_model_is_called_more_often_than_its_retries_allow(play):
    play.to_the_end()
    for model in (PRIMARY, FALLBACK):
        counted = [p for p in play.past if p.model == model]
        counted = [p for p in counted if p.outcome in {Outcome.TRANSIENT, Outcome.SLOW}]
        assert len(counted) <= play.config.max_retries + 1


@given(plays)
def test_no_attempt_begins_or_may_end_after_the_deadline(play):
    play.to_the_end()
    for step, _view, began in play.tries:
        assert step.timeout_seconds > 0
        assert step.timeout_seconds <= step.budget_seconds
        assert began + step.budget_seconds <= play.deadline + 1e-6


@given(plays)
def test_no_step_calls_what_policy_a_breaker_or_a_pause_forbids(play):
    play.to_the_end()
    for step, view, _began in play.tries:
        assert step.model not in {*view.forbidden, *view.blocked, *view.paused_models}
        assert not view.host_is_down


@given(plays)
def test_no_wait_reaches_the_deadline(play):
    play.to_the_end()
    assert all(wait < play.deadline for wait in play.waits)


@given(plays)
def test_a_model_is_called_after_one_that_was_too_small_only_if_it_may_be_larger(play):
    play.to_the_end()
    small = [p.model for p in play.past if p.cause is Cause.CONTEXT_OVERFLOW]
    if len(small) == 2 and len(play.windows) == 2:
        assert play.windows[small[1]] > play.windows[small[0]]


@given(
    plays.filter(lambda play: play.config.fallback_model and not play.forbidden),
    st.sampled_from([Outcome.TRANSIENT, Outcome.SLOW]),
)
def test_the_fallback_has_its_turn_however_the_primary_fails(play, outcome):
    """In a world without obstacles; the deadline is never what the primary used up."""
    play.world = [
        Moment(outcome, False, m.used, m.jitter, m.retry_after, frozenset(), frozenset(), False)
        for m in play.world
    ]
    play.to_the_end()
    assert FALLBACK in {step.model for step, _view, _began in play.tries}


@given(
    remaining=st.floats(min_value=0.001, max_value=86_400),
    timeout=st.integers(min_value=1, max_value=300),
)
def test_an_attempt_on_the_primary_leaves_the_fallback_its_reserve(remaining, timeout):
    step = first_step(config(timeout_seconds=timeout), [], View(remaining_seconds=remaining))
    assert step.timeout_seconds <= timeout
    assert step.budget_seconds <= remaining - min(timeout, remaining / 2) + 1e-9


@given(plays)
def test_a_run_is_parked_for_breakers_only_when_they_are_open(play):
    moment = next(iter(play.world), CALM)
    step = first_step(play.config, [], play.view(moment))
    if isinstance(step, Park) and step.obstacle.kind is Kind.BREAKER:
        assert set(step.obstacle.names) <= moment.blocked
