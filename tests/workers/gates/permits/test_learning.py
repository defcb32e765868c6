"""The number of permits that is learned, against a model server that is simulated."""

import heapq
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.gates.permits import learning
from workers.gates.permits.learning import Answer, Knowledge

ANSWERED = Knowledge(longest_seconds=1.0)


def answer(open_at_once, queue_seconds=0.0, seconds=5.0):
    count = max(1, open_at_once)
    return Answer(open_at_once=count, queue_seconds=queue_seconds, seconds=seconds)


def test_it_starts_with_one_permit_and_tries_no_more_before_an_answer_has_come():
    assert learning.probes(Knowledge()) == 0
    assert learning.probes(learning.after_answer(Knowledge(), answer(1))) == 1


def test_an_answer_that_did_not_wait_proves_the_number_that_was_open():
    assert learning.after_answer(ANSWERED, answer(3)).limit == 3


def test_as_many_again_are_tried_while_none_has_waited():
    assert learning.probes(replace(ANSWERED, limit=4)) == 4


def test_one_that_waited_beyond_the_known_number_is_the_ceiling():
    known = learning.after_answer(replace(ANSWERED, limit=2), answer(3, queue_seconds=2.0))
    assert (known.limit, known.ceiling, known.is_settled) == (2, 3, True)


def test_one_that_waited_within_the_known_number_halves_it():
    known = learning.after_answer(replace(ANSWERED, limit=8), answer(7, queue_seconds=2.0))
    assert (known.limit, known.ceiling) == (4, 7)
    known = learning.after_answer(replace(ANSWERED, limit=8), answer(2, queue_seconds=2.0))
    assert (known.limit, known.ceiling) == (1, 2)


def test_between_the_known_number_and_the_ceiling_the_rest_is_tried():
    assert learning.probes(replace(ANSWERED, limit=2, ceiling=5)) == 2


def test_where_it_is_settled_nothing_is_tried():
    assert learning.probes(replace(ANSWERED, limit=4, ceiling=5)) == 0


def test_reopened_it_tries_one_more():
    assert learning.probes(learning.reopened(replace(ANSWERED, limit=4, ceiling=5))) == 1


def test_a_ceiling_that_was_reached_without_waiting_moves_up_by_one():
    known = learning.reopened(replace(ANSWERED, limit=1, ceiling=2))
    known = learning.after_answer(known, answer(2))
    assert (known.limit, known.ceiling, learning.probes(known)) == (2, 4, 1)


def test_an_attempt_alone_that_waits_leaves_one_permit():
    """Another program uses the same server."""
    known = learning.after_answer(ANSWERED, answer(1, queue_seconds=3.0))
    assert (known.limit, known.ceiling) == (1, 2)


def test_a_wait_that_is_short_beside_the_answer_is_tolerated():
    assert not answer(2, queue_seconds=0.1, seconds=0.3).waited
    assert not answer(2, queue_seconds=2.0, seconds=60.0).waited
    assert answer(2, queue_seconds=2.0, seconds=5.0).waited


def test_a_server_that_reports_no_durations_teaches_nothing_but_how_long_answers_take():
    known = learning.after_answer(ANSWERED, answer(4, queue_seconds=None, seconds=9.0))
    assert known == replace(ANSWERED, longest_seconds=9.0)


def test_the_longest_answer_is_forgotten_slowly():
    known = replace(ANSWERED, longest_seconds=60.0)
    seen = [known := learning.after_answer(known, answer(1, seconds=2.0)) for _ in range(40)]
    assert seen[0].longest_seconds == pytest.approx(54)
    assert 2 < seen[-1].longest_seconds < 5


def test_small_differences_of_answers_change_nothing():
    known = replace(ANSWERED, longest_seconds=0.4)
    assert learning.after_answer(known, answer(1, seconds=0.6)) == known
    assert learning.after_answer(known, answer(1, seconds=0.01)) == known


@pytest.mark.parametrize(
    ("timeout", "first_token", "longest", "may"),
    [
        (30.0, None, 12.0, True),
        (30.0, None, 12.1, False),  # 2.5 × 12.1 > 30
        (30.0, 10.0, 8.0, True),
        (30.0, 10.0, 8.1, False),  # 1.25 × 8.1 > 10
        (30.0, None, None, False),
    ],
)
def test_only_an_attempt_that_outlasts_a_wait_is_tried(timeout, first_token, longest, may):
    known = Knowledge(longest_seconds=longest)
    limits = {"timeout_seconds": timeout, "first_token_timeout_seconds": first_token}
    assert learning.may_probe(known, **limits) is may


class Server:
    """Works on ``places`` answers at once, the others wait in order; and the runs that we have for
    it, of which each begins when it is admitted. ``finish`` runs until the next answer."""

    def __init__(self, places, timeout=30.0, seed=0):
        self.places, self.timeout = places, timeout
        self.known = Knowledge()
        self.random = random.Random(seed)
        self.now, self.open, self.busy, self.queue, self.ends = 0.0, 0, 0, [], []
        self.settled_answers = 0
        self.longest_total, self.ended = 0.0, []

    def finish(self):
        self._admit()
        self.now, _n, (began, started, opened, before) = heapq.heappop(self.ends)
        self.open -= 1
        self.busy -= 1
        self._serve()
        self.longest_total = max(self.longest_total, self.now - began)
        self.ended.append(self.now)
        measured = answer(opened, queue_seconds=started - began, seconds=self.now - began)
        if opened > self.known.limit and not measured.waited:
            # As `observing` does: a place that became free just then proves nothing.
            opened -= sum(end <= started + 0.25 for end in self.ended[before:-1])
            measured = replace(measured, open_at_once=opened)
        self.known = learning.after_answer(self.known, measured)
        self.settled_answers = self.settled_answers + 1 if self.known.is_settled else 0
        if self.settled_answers == 4:
            self.known, self.settled_answers = learning.reopened(self.known), 0

    def _admit(self):
        extra = 0
        limits = {"timeout_seconds": self.timeout, "first_token_timeout_seconds": None}
        if learning.may_probe(self.known, **limits):
            extra = learning.probes(self.known)
        while self.open < self.known.limit + extra:
            self.open += 1
            self.now += 0.02
            self.queue.append((self.now, self.open, len(self.ended)))
            self._serve()

    def _serve(self):
        while self.queue and self.busy < self.places:
            began, opened, before = self.queue.pop(0)
            self.busy += 1
            end = self.now + self.random.uniform(3, 6)
            begun = (began, self.now, opened, before)
            heapq.heappush(self.ends, (end, self.random.random(), begun))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("places", [1, 2, 3, 4, 8])
def test_the_places_of_a_server_are_learned_within_forty_runs(places, seed):
    server = Server(places, seed=seed)
    for _ in range(40):
        server.finish()
    assert server.known.limit == places
    assert server.longest_total < server.timeout


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 1), (2, 4), (4, 2), (1, 2)])
def test_other_places_are_learned_within_twenty_runs(before, after, seed):
    server = Server(before, seed=seed)
    for _ in range(60):
        server.finish()
    server.places = after
    for _ in range(20):
        server.finish()
    assert server.known.limit == after
    assert server.longest_total < server.timeout


_answers = st.builds(
    Answer,
    open_at_once=st.integers(1, 300),
    queue_seconds=st.none() | st.floats(0, 100),
    seconds=st.floats(0, 600),
)


@given(st.lists(_answers, max_size=60))
def test_whatever_is_measured_there_is_a_permit_and_a_bound(answers):
    known = Knowledge()
    for each in answers:
        known = learning.after_answer(known, each)
        assert 1 <= known.limit <= learning.MOST_PERMITS
        assert 0 <= learning.probes(known) <= learning.MOST_PERMITS - known.limit
        assert known.ceiling is None or known.limit < known.ceiling
