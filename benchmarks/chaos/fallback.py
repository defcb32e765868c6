"""A primary that waits, and what the person who asked waits for.

A model that is loaded and says nothing costs one timeout of 30 s, whatever ``max_retries`` says; a
first token that comes after 20 s costs the first-token limit of 10 s.
"""

import sys

from benchmarks.chaos.runs import ANSWER, ask, attempts_on, ended, lasted
from benchmarks.chaos.stand import stand
from benchmarks.chaos.verdict import Verdict

SILENT, LATE, FALLBACK = "silent:3b", "slow-first-token-20:3b", "ok:1b"


def main() -> int:
    verdict = Verdict("fallback")
    with stand(
        workers={"worker": ["llm.text_generation"]},
        concurrency=4,
        config={"default": {"model": FALLBACK}},
        script={"resident": [SILENT, LATE, FALLBACK]},
    ):
        silent = ask(SILENT, FALLBACK, timeout_seconds=30, max_retries=2)
        late = ask(
            LATE, FALLBACK, timeout_seconds=60, first_token_timeout_seconds=10, max_retries=2
        )
        runs = ended([silent, late], seconds=60)
    for run, what, limit in (
        (runs[silent.pk], "a silent primary, timeout 30 s, 2 retries", 31),
        (runs[late.pk], "first token after 20 s, limit 10 s", 12),
    ):
        by_fallback = run.model_used == FALLBACK and run.result == {
            "content": ANSWER.format(model=FALLBACK)
        }
        primary = run.llm_config["model"]
        verdict.check(f"{what}: answered by", run.model_used, FALLBACK, holds=by_fallback)
        verdict.at_most(f"{what}: answered after", round(lasted(run), 1), limit, "s")
        tried = attempts_on([run], primary)
        verdict.check(f"{what}: attempts on the primary", tried, "1", holds=tried == 1)
    return verdict.end()


if __name__ == "__main__":
    sys.exit(main())
