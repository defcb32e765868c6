"""The one word for how the service is."""

import pytest

from config.status.facts import PARTS, BreakerFacts, Facts, QueueFacts, Stored
from config.status.word import word_of

WELL = dict.fromkeys(PARTS, "")


def queue(**facts):
    told = {"depth": 0, "oldest_waiting_seconds": None, "paused": False, "live_workers": 1}
    return QueueFacts(name="llm.text_generation", **{**told, **facts})


BREAKER = BreakerFacts(host="h", model="a:1b", state="open", failures=3, last_reason="")


@pytest.mark.parametrize(
    ("problems", "stored", "word"),
    [
        ({}, Stored(queues=(queue(),)), "ok"),
        ({}, Stored(queues=(queue(depth=9, paused=True),)), "ok"),
        ({}, Stored(queues=(queue(), queue(live_workers=0))), "degraded"),
        ({}, Stored(breakers=(BREAKER,)), "degraded"),
        ({}, Stored(mail_problem=""), "ok"),
        ({}, Stored(mail_problem="2 mails wait"), "degraded"),
        ({"redis": "refused"}, Stored(), "degraded"),
        ({"broker": "refused"}, Stored(), "degraded"),
        ({"model_server": "refused"}, Stored(), "degraded"),
        ({"database": "refused"}, Stored(), "down"),
        ({}, None, "down"),
    ],
    ids=[
        "all well", "paused", "no worker", "breaker", "mails go", "mails wait",
        "redis", "broker", "model server", "database", "the database tells nothing",
    ],
)  # fmt: skip
def test_it_follows_from_the_facts(problems, stored, word):
    assert word_of(Facts(problems={**WELL, **problems}, stored=stored)) == word
