"""Prompts around the window of their model: none is cut in silence, none that fits is refused.

    .venv/bin/python -m benchmarks.prompts [seed]

1,000 prompts (English, German, Chinese, digits, code, emoji, and mixtures) of half to twice the
window, many of them at its edges, through the whole system: enqueued, delivered, answered or ended.
Then entries that have up to eight times the window. Against a fake Ollama that honours
``truncate: false``, and one that ignores it and cuts in silence. Promised: no success from a cut
prompt, no refusal of one that fits, and every prompt built from entries is answered, with a note
where entries are missing. Exits with 1 otherwise.
"""

import json
import logging
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.services import services
from workers.testing import tokens
from workers.testing.fake_ollama import FakeOllama
from workers.testing.ollama_http.requests import Generation
from workers.testing.one_host import OneHost, Pace

PROMPTS, DRAFTS = 1000, 100
#: By model; the host's own holds for the one of which none is stated.
STATED = {"small:1": 256, "middle:1": 512, "large:1": 2048}
HOSTS_OWN = 1024
WINDOWS = {**STATED, "unstated:1": HOSTS_OWN}
#: Of the chat template around a prompt.
AROUND = tokens.PER_PROMPT + tokens.PER_MESSAGE
KINDS = {
    "English": ["the", "weekly", "report", "says", "that", "import", "is", "twice", "as", "fast"],
    "German": ["größere", "Änderungen", "an", "der", "Übertragung", "wurden", "überprüft"],
    "Chinese": list("今天我们完成了登录页面的重构并检查了计费系统的访问权限"),
    "digits": list("0123456789"),
    "code": ["if (x) {", "return", "f(a, b);", "}", "\n\t", "!= 0", "list[i]"],
    "emoji": list("🚀🔥👍🎉🐛✅🙂📈"),
}


@dataclass
class Tally:
    """What became of the prompts of one host."""

    prompts: int = 0
    fitting: int = 0
    cut_successes: int = 0
    fitting_refusals: int = 0
    other_ends: int = 0
    counted: int = 0
    drafts: int = 0
    drafts_left_out: int = 0
    drafts_ended_badly: int = 0
    missing_notes: int = 0

    @property
    def holds(self) -> bool:
        wrong = (self.cut_successes, self.fitting_refusals, self.other_ends)
        return not any((*wrong, self.drafts_ended_badly, self.missing_notes))


def main() -> int:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    params = {model: {"context_window": window} for model, window in STATED.items()}
    os.environ["LLM_MODEL_PARAMS"] = json.dumps(params)
    with services():
        # Each prompt that may be too long is a warning.
        logging.disable(logging.WARNING)
        tallies = {}
        for honours in (True, False):
            chance = random.Random(seed)  # noqa: S311  (no secret: the same for the same seed)
            with _host(honours_truncate=honours) as server:
                tallies["honours truncate" if honours else "cuts in silence"] = _tally(
                    chance, server
                )
    for name, tally in tallies.items():
        sys.stdout.write("".join(f"{line}\n" for line in _lines(name, tally)))
    return 0 if all(tally.holds for tally in tallies.values()) else 1


@contextmanager
def _host(*, honours_truncate: bool) -> Iterator[FakeOllama]:
    from django.test import override_settings

    options = OneHost(
        honours_truncate=honours_truncate,
        context_length=HOSTS_OWN,
        load_seconds=0.0,
        max_loaded=len(WINDOWS),
        pace=Pace(tokens=2, seconds=0.0),
    )
    with FakeOllama(one_host=options) as server, override_settings(OLLAMA_HOST=server.host):
        yield server


def _tally(chance: random.Random, server: FakeOllama) -> Tally:
    tally = Tally()
    for _ in range(PROMPTS):
        model = _model(chance)
        _prompt(tally, server, model, _text(chance, _size(chance, WINDOWS[model])))
    for _ in range(DRAFTS):
        model = _model(chance)
        _draft(tally, server, model, _entries(chance, WINDOWS[model]))
    return tally


def _model(chance: random.Random) -> str:
    """A model, the more often the smaller its window: long prompts take long."""
    weights = [1 / window for window in WINDOWS.values()]
    return chance.choices(list(WINDOWS), weights)[0]


def _prompt(tally: Tally, server: FakeOllama, model: str, text: str) -> None:
    before = len(server.log)
    run = _run("TASK_TYPE_TEXT_GENERATION", {"prompt": text}, model)
    asked = [x.body for x in server.log[before:] if x.path == "/api/chat"]
    fits = _tokens(asked[0]) < WINDOWS[model]
    succeeded = run.status == "succeeded"
    overflowed = (run.error or {}).get("code") == "context_overflow"
    tally.prompts += 1
    tally.fitting += fits
    tally.cut_successes += succeeded and not fits
    tally.fitting_refusals += fits and overflowed
    tally.other_ends += not succeeded and not overflowed
    tally.counted += len(asked) - 1


def _draft(tally: Tally, server: FakeOllama, model: str, entries: list[str]) -> None:
    before = len(server.log)
    run = _run("TASK_TYPE_DATA_ANALYSIS", {"entries": entries}, model)
    asked = [x.body for x in server.log[before:] if x.path == "/api/chat"]
    whole = [body for body in asked if (body.get("options") or {}).get("num_predict") != 1]
    tally.drafts += 1
    if run.status != "succeeded" or _tokens(whole[-1]) >= WINDOWS[model]:
        tally.drafts_ended_badly += 1
        return
    read = whole[-1]["messages"][-1]["content"]
    missing = any(entry not in read for entry in entries)
    tally.drafts_left_out += missing
    tally.missing_notes += missing != bool(run.notes)


def _run(task_type: str, payload: dict[str, Any], model: str) -> Any:
    from workers.submission.enqueue import enqueue
    from workers.testing.delivery import run_finish

    request = {"model": model, "fallback_model": ""}
    return run_finish(enqueue(task_type=task_type, payload=payload, request=request))


def _tokens(body: dict[str, Any]) -> int:
    return tokens.prompt_tokens(Generation(is_chat=True, messages=tuple(body["messages"])))


def _size(chance: random.Random, window: int) -> int:
    """Tokens of a prompt: half to twice the window, every third at an edge."""
    edges = (window // 2, window // 2 + 2, window - 1, window, window + 1)
    return (
        chance.choice(edges) if chance.random() < 1 / 3 else chance.randint(window // 2, 2 * window)
    )


def _text(chance: random.Random, size: int) -> str:
    """Text of so many tokens with its template; of one kind, or of all."""
    kinds = [chance.choice(list(KINDS))] if chance.random() < 0.8 else list(KINDS)
    text, left = "", size - AROUND
    while left > 0:
        kind = chance.choice(kinds)
        joint = " " if kind in ("English", "German", "code") else ""
        text += joint.join(chance.choices(KINDS[kind], k=max(1, left // 4))) + joint
        left = size - AROUND - tokens.count(text)
    pieces = tokens.split(text)
    return "".join(pieces[: size - AROUND]).rstrip() or "?"


def _entries(chance: random.Random, window: int) -> list[str]:
    """Entries that have a tenth of the window up to eight times of it."""
    wanted = chance.randint(window // 10, 8 * window)
    found: list[str] = []
    while wanted > 0 and len(found) < 500:
        size = chance.randint(20, max(21, window // 8))
        found.append(f"Entry {len(found)}: {_text(chance, size)}".strip())
        wanted -= size
    return found


def _lines(name: str, tally: Tally) -> Iterator[str]:
    yield f"A server that {name}: {tally.prompts} prompts, {tally.fitting} of which fit"
    yield f"  {tally.cut_successes} successes from a cut prompt"
    yield f"  {tally.fitting_refusals} refusals of one that fits"
    yield f"  {tally.other_ends} ended otherwise, {tally.counted} were checked by a longer prompt"
    yield f"  of {tally.drafts} built from entries, {tally.drafts_left_out} leave some out"
    yield f"  {tally.drafts_ended_badly} not answered in full, {tally.missing_notes} wrong notes"


if __name__ == "__main__":
    sys.exit(main())
