"""Learns how many attempts a model server works on at once, from its answers. Pure.

The evidence is the time that an answer spent in the server's own queue (`Generation.queue_ms`) with
so many attempts open when it began. Near zero: the server works on that many. Above: it does not.
The number starts at 1 and grows as in the slow start of TCP (RFC 5681): as many attempts again are
tried beyond it, until one waits; that number is the ceiling. From then on one more is tried now and
then, since a server may be restarted with another number: it grows by one and is halved.

A number that the settings state is where it begins and the most that it becomes. It is trusted
until an attempt proves it wrong.
"""

from dataclasses import dataclass, replace

#: Waits in the server's queue up to the longer of these are no reason to have fewer attempts open:
#: for short answers, one that waits behind another keeps the server busy between them.
TOLERATED_SECONDS = 0.15
TOLERATED_SHARE = 0.05
#: An attempt beyond the known number may wait for a whole answer of another, and then takes as
#: long itself: so many times the longest answer must fit its limits.
PROBE_ANSWERS = 2.5
PROBE_WAITS = 1.25
MOST_PERMITS = 256
#: Smaller differences to the longest answer are not worth a write.
NOTABLE_SECONDS = 0.25
FORGOTTEN_SHARE = 0.1


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What is known of one (host, model)."""

    #: Attempts that the server works on at once: so many permits there are.
    limit: int = 1
    #: The most that it may become.
    most: int = MOST_PERMITS
    #: The smallest number open at once of which one waited in the server's queue.
    ceiling: int | None = None
    #: The longest of the recent answers; None: there was none yet.
    longest_seconds: float | None = None

    @property
    def is_settled(self) -> bool:
        """Whether one attempt more is known to wait."""
        return self.ceiling is not None and self.limit >= self.ceiling - 1


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one answer measured."""

    #: Attempts that were open when it began and that the server had to work on beside it, itself
    #: included.
    open_at_once: int
    #: In the server's queue; None: the server does not report it.
    queue_seconds: float | None
    #: From the request to the last token, without loading.
    seconds: float

    @property
    def waited(self) -> bool | None:
        """Whether it waited in the server's queue; None: not known."""
        if self.queue_seconds is None:
            return None
        return self.queue_seconds > max(TOLERATED_SECONDS, TOLERATED_SHARE * self.seconds)


def after_answer(known: Knowledge, answer: Answer) -> Knowledge:
    """What is known after an answer."""
    known = replace(known, longest_seconds=_longest(known.longest_seconds, answer.seconds))
    if answer.waited is None:
        return known
    if answer.waited:
        return after_queueing(known, answer.open_at_once)
    if answer.open_at_once <= known.limit:
        return known
    raised = replace(known, limit=min(answer.open_at_once, known.most))
    if raised.limit == known.most:
        return replace(raised, ceiling=None)
    is_disproved = known.ceiling is not None and raised.limit >= known.ceiling - 1
    return reopened(raised) if is_disproved else raised


def after_queueing(known: Knowledge, open_at_once: int) -> Knowledge:
    """What is known after an attempt that waited in the server's queue with so many open.

    Within the known number, that is halved: the server works on fewer than it did. An attempt alone
    that waits says that other programs use the server: one permit remains.
    """
    found = max(2, open_at_once)
    ceiling = found if known.ceiling is None else min(found, known.ceiling)
    if found > known.limit:
        return replace(known, ceiling=ceiling)
    return replace(known, ceiling=ceiling, limit=max(1, min(known.limit // 2, ceiling - 1)))


def reopened(known: Knowledge) -> Knowledge:
    """Have one attempt more tried than is known to work."""
    return replace(known, ceiling=known.limit + 2)


def probes(known: Knowledge) -> int:
    """How many attempts beyond the known number may be tried."""
    if known.longest_seconds is None:
        return 0
    most = known.limit if known.ceiling is None else known.ceiling - 1 - known.limit
    return max(0, min(most, known.most - known.limit))


def may_probe(
    known: Knowledge, *, timeout_seconds: float, first_token_timeout_seconds: float | None
) -> bool:
    """Whether an attempt with these limits outlasts a wait in the server's queue."""
    if known.longest_seconds is None:
        return False
    waits = PROBE_WAITS * known.longest_seconds
    if first_token_timeout_seconds is not None and waits > first_token_timeout_seconds:
        return False
    return PROBE_ANSWERS * known.longest_seconds <= timeout_seconds


def _longest(before: float | None, seconds: float) -> float:
    if before is None or seconds > before + NOTABLE_SECONDS:
        return seconds
    if seconds < before / 2 - NOTABLE_SECONDS:
        return before * (1 - FORGOTTEN_SHARE)
    return before
