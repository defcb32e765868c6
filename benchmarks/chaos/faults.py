"""Every fault through the whole system: message, worker, attempts, row.

Each fault is a model's name that the fake obeys. The primary's attempts must have the outcomes
documented in docs/reference/failures.md and the run must end as documented; a stored answer must
be the whole text. At the end the host itself goes away, and comes back.
"""

import sys
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.chaos.runs import ANSWER, ask, ended, lasted, outcomes
from benchmarks.chaos.stand import Stand, stand
from benchmarks.chaos.verdict import Verdict, say

QUEUES = ["llm.text_generation", "llm.insight_generation"]
FALLBACK = "ok:1b"
#: Its context is larger than the others'.
LARGE = "ok:9b"
TIMEOUT, FIRST_TOKEN, RETRIES, DEADLINE = 3, 2, 1, 30
#: What the fake answers to who asks for an insight.
INSIGHT = {"content": "sample", "tags": ["sample"], "confidence": 0.0}
#: With a fallback: what becomes of the primary is retried once, then the fallback answers.
TRANSIENT = ["transient", "transient"]
SLOW, UNUSABLE = ["slow"], ["unusable"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A primary, how its attempts end, and what answers in the end (None: nothing)."""

    model: str
    primary: list[str]
    fallback: str = FALLBACK
    kind: str = "text_generation"
    text: str | None = ANSWER.format(model=FALLBACK)

    @property
    def expected(self) -> list[str]:
        """The outcomes of all attempts."""
        answers = self.text is not None and self.primary[-1] != "succeeded"
        return [*self.primary, "succeeded"] if answers else self.primary

    @property
    def result(self) -> dict[str, Any] | None:
        """What is stored in the end."""
        if self.kind == "insight_generation":
            return INSIGHT
        return None if self.text is None else {"content": self.text}


def _faults(primary: list[str], *names: str, **details: Any) -> list[Fault]:
    return [Fault(model=f"{name}:3b", primary=primary, **details) for name in names]


FAULTS = [
    *_faults(
        TRANSIENT,
        *("http-500", "http-502", "http-503", "http-504", "http-429", "hanging-error"),
        *("reset", "reset-2", "cut-stream", "short-body", "bad-chunk", "garbage", "endless-head"),
        *("switch-protocols", "html", "gzipped", "broken-text", "broken-json", "redirect"),
        *("error-mid-stream", "done-with-error", "no-done", "empty-body", "empty"),
        *("too-long", "never-ending-line", "http-408"),
    ),
    *_faults(TRANSIENT, "prose", "misfit", kind="insight_generation"),
    *_faults(
        SLOW,
        *("silent", "silent-after-head", "slow-head", "slow-first-token-60", "dribbled-line"),
        *("trickle-1", "heartbeat", "stall-after", "never-ending", "endless-continue"),
        "slow-load-60",
    ),
    *_faults(UNUSABLE, "missing", "load-fails", "thinking-only", "no-such-path"),
    *_faults(UNUSABLE, "http-400", "http-401", "http-403", "http-413", "http-422"),
    *_faults(
        UNUSABLE,
        *("full-context", "out-of-context"),
        fallback=LARGE,
        text=ANSWER.format(model=LARGE),
    ),
    # A fallback whose context is no larger is not asked.
    Fault(model="full-context:7b", primary=UNUSABLE, text=None),
    Fault(model="dribble:3b", primary=["succeeded"], text="drop by drop"),
    Fault(model="hang-after-done:3b", primary=["succeeded"], text="word word word"),
    Fault(
        model="early-hints:3b", primary=["succeeded"], text=ANSWER.format(model="early-hints:3b")
    ),
]
CONFIG: dict[str, Any] = {
    "default": {"model": FALLBACK},
    "model_params": {
        "slow-load-60:3b": {"load_timeout": "3s"},
        LARGE: {"context_window": 16_384},
    },
}


def main() -> int:
    verdict = Verdict("faults")
    with stand(
        workers={"worker_1": QUEUES, "worker_2": QUEUES},
        concurrency=8,
        config=CONFIG,
        script={"resident": [fault.model for fault in FAULTS if "load" not in fault.model]},
    ) as the_stand:
        asked = [_ask(fault) for fault in FAULTS]
        alone = [_ask_alone(name) for name in ("silent:7b", "http-503:7b", "missing:7b")]
        runs = ended([*asked, *alone], seconds=120)
        asked, alone = ([runs[run.pk] for run in some] for some in (asked, alone))
        away = _host_goes_away(the_stand)
    _judge_faults(verdict, asked)
    _judge_alone(verdict, alone)
    _judge_away(verdict, away)
    everything = [*asked, *alone, *away]
    verdict.at_most(
        f"the longest of {len(everything)} runs, past its deadline of {DEADLINE} s",
        round(max(lasted(run) for run in everything) - DEADLINE, 1),
        1,
        "s",
    )
    return verdict.end()


def _ask(fault: Fault) -> Any:
    return ask(
        fault.model,
        fault.fallback,
        kind=fault.kind,
        timeout_seconds=TIMEOUT,
        first_token_timeout_seconds=FIRST_TOKEN,
        max_retries=RETRIES,
        deadline_seconds=DEADLINE,
    )


def _ask_alone(model: str) -> Any:
    """Without a fallback, with more retries than time."""
    return ask(model, timeout_seconds=TIMEOUT, max_retries=10, deadline_seconds=DEADLINE)


def _host_goes_away(the_stand: Stand) -> list[Any]:
    the_stand.fake.kill()
    asked = [ask("ok:3b", FALLBACK, deadline_seconds=DEADLINE) for _ in range(8)]
    time.sleep(5)
    the_stand.fake.start()
    runs = ended(asked, seconds=DEADLINE)
    return [runs[run.pk] for run in asked]


def _judge_faults(verdict: Verdict, asked: list[Any]) -> None:
    as_documented = 0
    for fault, run in zip(FAULTS, asked, strict=True):
        status = "failed" if fault.text is None else "succeeded"
        met = outcomes(run)
        if (met, run.status) == (fault.expected, status):
            as_documented += 1
        else:
            told = "; ".join(a.reason for a in run.attempts.all())
            say(f"      {fault.model}: {run.status} {met}, expected {fault.expected}: {told}")
    verdict.check(
        "faults that end as documented",
        as_documented,
        f"all {len(FAULTS)}, at least 24",
        holds=as_documented == len(FAULTS) >= 24,
    )
    stored = [(f, run) for f, run in zip(FAULTS, asked, strict=True) if run.status == "succeeded"]
    wrong = [fault.model for fault, run in stored if run.result != fault.result]
    verdict.check("truncated or empty answers stored", len(wrong), "0", holds=not wrong)


def _judge_alone(verdict: Verdict, alone: list[Any]) -> None:
    silent, busy, missing = alone
    verdict.check(
        "without a fallback: silent, busy, missing end as",
        ", ".join(run.status for run in alone),
        "expired, expired, failed",
        holds=[run.status for run in alone] == ["expired", "expired", "failed"],
    )
    verdict.check(
        "without a fallback: each says why",
        sum(bool(run.error and run.error["detail"]) for run in alone),
        "3",
        holds=all(run.error and run.error["detail"] for run in (silent, busy, missing)),
    )


def _judge_away(verdict: Verdict, away: list[Any]) -> None:
    answered = [run for run in away if run.status == "succeeded"]
    verdict.check(
        "runs answered after the host was away for 5 s",
        len(answered),
        f"all {len(away)}",
        holds=len(answered) == len(away),
    )
    retried = [run for run in away if "transient" in outcomes(run)]
    verdict.check("of those, retries spent on it", len(retried), "0", holds=not retried)


if __name__ == "__main__":
    sys.exit(main())
