"""The one word for how the service is.

``down``: nothing can be accepted, for the database does not answer. ``degraded``: work is
accepted, and some of it waits: another part does not answer, a queue has no live worker, a breaker
is open, or mails do not get through. A pause is somebody's will and no fault.
"""

from config.status.facts import DATABASE, Facts

OK, DEGRADED, DOWN = WORDS = ("ok", "degraded", "down")


def word_of(facts: Facts) -> str:
    """One of ``WORDS``."""
    if facts.problems.get(DATABASE) or facts.stored is None:
        return DOWN
    stored = facts.stored
    faults = (
        any(facts.problems.values()),
        any(not queue.live_workers for queue in stored.queues),
        bool(stored.breakers),
        bool(stored.mail_problem),
    )
    return DEGRADED if any(faults) else OK
