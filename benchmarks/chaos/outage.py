"""A primary that answers 503 for a minute, while somebody asks every four seconds.

Two worker processes share the primary's breaker: it must keep them from asking again and again,
and let them come back soon after the primary does.
"""

import sys
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.chaos.runs import ask, count_states, ended, lasted
from benchmarks.chaos.stand import stand
from benchmarks.chaos.verdict import Verdict

PRIMARY, FALLBACK = "ok:3b", "ok:1b"
OUTAGE_SECONDS, AFTER_SECONDS, EVERY_SECONDS = 60, 20, 4
MOST_ATTEMPTS, MOST_SECONDS = 8, 15


def main() -> int:
    verdict = Verdict("outage")
    with stand(
        workers={"worker_1": ["llm.text_generation"], "worker_2": ["llm.text_generation"]},
        concurrency=4,
        config={"default": {"model": PRIMARY}},
        script={"resident": [PRIMARY, FALLBACK]},
    ) as the_stand:
        the_stand.fake.script({PRIMARY: [{"behaviour": "http-503", "until": OUTAGE_SECONDS}]})
        recovered = datetime.now(UTC).timestamp() + OUTAGE_SECONDS
        asked = _ask_for(OUTAGE_SECONDS + AFTER_SECONDS)
        runs = ended(asked, seconds=60)
        chats = the_stand.fake.chats(PRIMARY)
    answered = [run for run in runs.values() if run.status == "succeeded"]
    verdict.check(
        f"requests answered of {len(asked)}, one every {EVERY_SECONDS} s",
        count_states(runs),
        "all",
        holds=len(answered) == len(asked),
    )
    verdict.at_most(
        "the longest wait for an answer", round(max(map(lasted, runs.values())), 1), 30, "s"
    )
    moments = [datetime.fromisoformat(chat["at"]).timestamp() for chat in chats]
    during = [moment for moment in moments if moment < recovered]
    verdict.at_most(
        f"attempts on the primary in the outage of {OUTAGE_SECONDS} s", len(during), MOST_ATTEMPTS
    )
    after = [moment - recovered for moment in moments if moment >= recovered]
    verdict.at_most(
        "the primary is asked again after it recovers",
        round(min(after, default=float("inf")), 1),
        MOST_SECONDS,
        "s",
    )
    back = sum(run.model_used == PRIMARY for run in answered)
    verdict.at_least("requests that it answers after that", back, 1)
    return verdict.end()


def _ask_for(seconds: float) -> list[Any]:
    began, asked = time.monotonic(), []
    while time.monotonic() - began < seconds:
        asked.append(ask(PRIMARY, FALLBACK, timeout_seconds=30, max_retries=3))
        time.sleep(EVERY_SECONDS - (time.monotonic() - began) % EVERY_SECONDS)
    return asked


if __name__ == "__main__":
    sys.exit(main())
