"""A case for every row of the closed table: what a server does, and what we make of it.

Each is played over a real socket. `test_classify` fails when a row of the table has no case.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.workers.backends.ollama.asking import SOON, failure, free_port
from tests.workers.backends.ollama.ports import deaf_port, full_backlog
from workers.runs.outcomes import AttemptFailed, Cause
from workers.testing import behaviours as b
from workers.testing.fake_ollama import FakeOllama
from workers.testing.script import EVERY_REQUEST, always

#: More than any limit here.
LATE = 60.0
AT_ONCE = {"timeout_seconds": SOON}
TOKENS = {"timeout_seconds": LATE, "first_token_timeout_seconds": SOON}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fault and its cause."""

    name: str
    cause: Cause
    play: Callable[[FakeOllama], AttemptFailed]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Scripted:
    """Asking a model that is loaded and behaves so."""

    behaviour: b.Behaviour
    limits: Mapping[str, Any] = field(default_factory=dict)
    request: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, fake: FakeOllama) -> AttemptFailed:
        fake.load("m:1")
        fake.script("m:1", [self.behaviour])
        return failure(fake.host, "m:1", limits=self.limits, **self.request)


def answers(cause: Cause, *behaviours: b.Behaviour) -> list[Case]:
    return [Case(name=str(one), cause=cause, play=Scripted(one)) for one in behaviours]


def waits(cause: Cause, limits: Mapping[str, Any], *behaviours: b.Behaviour) -> list[Case]:
    return [
        Case(name=f"{cause}: {one}", cause=cause, play=Scripted(one, limits)) for one in behaviours
    ]


def at(host: str) -> Callable[[FakeOllama], AttemptFailed]:
    return lambda _fake: failure(host)


def not_accepted(_fake: FakeOllama) -> AttemptFailed:
    with full_backlog() as port:
        return failure(f"http://127.0.0.1:{port}", limits={"timeout_seconds": 0.2})


def all_refused(fake: FakeOllama) -> AttemptFailed:
    fake.script(EVERY_REQUEST, [always(b.Status(code=401))])
    return failure(fake.host)


def deaf(_fake: FakeOllama) -> AttemptFailed:
    with deaf_port() as (_deaf, port):
        return failure(f"http://127.0.0.1:{port}", prompt="x" * 2**24, limits=AT_ONCE)


def plain_text_on_tls(fake: FakeOllama) -> AttemptFailed:
    return failure(fake.host.replace("http:", "https:"))


def loading(cause: Cause, model: str, **limits: float) -> Case:
    return Case(
        name=f"loading {model}",
        cause=cause,
        play=lambda fake: failure(fake.host, model, limits=limits),
    )


def cancelled(fake: FakeOllama) -> AttemptFailed:
    event = threading.Event()
    threading.Timer(0.1, event.set).start()
    return failure(fake.host, "silent:1", cancelled=event)


def broken_json(*lines: bytes) -> tuple[b.Behaviour, ...]:
    return tuple(b.BrokenJson(line=line) for line in lines)


def counting(counts: bytes) -> b.Behaviour:
    """A last line with these counts."""
    said = b'{"message": {"role": "assistant", "content": "a"}, "done": true, %s}\n'
    return b.Status(code=200, raw=said % counts)


HOSTS = [
    Case(
        name="nobody listens",
        cause=Cause.UNREACHABLE,
        play=lambda _fake: failure(f"http://127.0.0.1:{free_port()}"),
    ),
    # The broadcast address has no connections on any network.
    Case(name="no route", cause=Cause.UNREACHABLE, play=at("http://255.255.255.255:9")),
    Case(name="no such name", cause=Cause.UNREACHABLE, play=at("http://nowhere.invalid:1")),
    Case(name="no http", cause=Cause.UNREACHABLE, play=at("ftp://host")),
    Case(name="no such port", cause=Cause.UNREACHABLE, play=at("http://host:99999")),
    Case(name="no address", cause=Cause.UNREACHABLE, play=at("http://ü_")),
    Case(name="TLS to a plain port", cause=Cause.UNREACHABLE, play=plain_text_on_tls),
    Case(name="connection not accepted", cause=Cause.CONNECT_TIMEOUT, play=not_accepted),
]
BROKEN = [
    *answers(
        Cause.CONNECTION_LOST,
        b.Reset(),
        b.Reset(head=True),
        b.Reset(tokens=2),
        b.CutStream(tokens=0),
        b.CutStream(tokens=2),
        b.ShortBody(),
        b.BadChunk(),
        b.Garbage(),
        b.EndlessHead(),
        b.SwitchProtocols(),
    ),
    *answers(
        Cause.BROKEN_ANSWER,
        b.Html(),
        b.Gzipped(),
        b.BrokenText(),
        b.ErrorMidStream(message={"code": 500}),
        *broken_json(
            b'{"model": "x", "message": {"role": "assi\n',
            b"\n",
            b"[1, 2]\n",
            b"7\n",
            b"null\n",
            b"data: {}\n",
            b'{"done": true}\n',
            b'{"response": "text", "done": true}\n',
            b'{"message": {"content": "no role"}, "done": true}\n',
            b'{"message": {"role": "assistant", "content": "\x00"}, "done": true}\n',
            b"[" * 100_000 + b"\n",
            b"\xff\xfe\x00\n",
        ),
        counting(b'"eval_count": 1e999'),
        counting(b'"eval_count": ' + b"9" * 5_000),
        counting(b'"eval_count": "many"'),
    ),
    *answers(Cause.STREAM_ERROR, b.ErrorMidStream(), b.ErrorMidStream(tokens=0), b.DoneWithError()),
    *answers(Cause.REDIRECTED, b.Redirect(), b.Status(code=302, raw=b""), b.Status(code=304)),
]
USELESS = [
    *answers(
        Cause.NOT_DONE,
        b.NoDone(),
        b.NoDone(tokens=0),
        b.EmptyBody(),
        b.Status(code=200, raw=b""),
        b.Status(code=204, raw=b""),
    ),
    *answers(
        Cause.EMPTY,
        b.Empty(),
        b.Empty(done_reason="length"),
        b.Ok(text=" \n\t "),
        b.Ok(text="\x00\x00"),
    ),
    *answers(Cause.ONLY_THINKING, b.ThinkingOnly(), b.ThinkingOnly(done_reason="stop")),
    *answers(
        Cause.UNLOADED,
        b.Empty(done_reason="load"),
        b.Empty(done_reason="unload"),
        b.Ok(text="half an ans", done_reason="unload"),
    ),
    *answers(Cause.TOO_LONG, b.TooLong(), b.NeverEndingLine()),
    *answers(Cause.CONTEXT_OVERFLOW, b.FullContext(), b.OutOfContext()),
]
REFUSED = [
    *answers(
        Cause.SERVER_ERROR,
        b.Status(code=500, body="llama runner process has terminated"),
        b.Status(code=502, raw=b"<html>Bad Gateway</html>"),
        b.Status(code=503),
        b.Status(code=503, raw=b""),
        b.Status(code=503, raw=b'["not", "an", "object"]'),
        b.Status(code=503, raw=b'"a string"'),
        b.Status(code=503, raw=b"\xff\xfe"),
        b.Status(code=504, raw=b"upstream timed out"),
        b.Status(code=599, raw=b'{"error": null}'),
        b.HangingError(),
    ),
    *answers(Cause.BUSY, b.Status(code=429, body="slow down"), b.HangingError(code=429)),
    *answers(
        Cause.MODEL_MISSING,
        b.Missing(),
        b.Status(code=404, body='model "m" not found, try pulling it first'),
        b.Status(code=400, body="invalid model name"),
    ),
    *answers(
        Cause.LOAD_TIMEOUT,
        b.Status(code=500, body="timed out waiting for llama runner to start - progress 0.00"),
    ),
    *answers(Cause.INCAPABLE, b.Status(code=400, body='"nomic" does not support chat')),
    *answers(
        Cause.INVALID_REQUEST,
        b.Status(code=500, body='option "temperature" must be of type float32'),
        b.Status(code=500, body='option "stop" must be of type array'),
        b.Status(
            code=500,
            body='invalid format: "5"; expected "json" or a valid JSON Schema object',
        ),
        b.Status(code=500, body="template: :1: unclosed action"),
    ),
    *answers(
        Cause.REQUEST_REFUSED,
        b.Status(code=400, body="invalid option: temperature"),
        b.Status(code=400, body='unknown field "safety_settings"'),
        b.Status(code=405, raw=b""),
        b.Status(code=413, body="request entity too large"),
        b.Status(code=418, raw=b""),
        b.Status(code=422, raw=b"[]"),
        b.HangingError(code=400),
    ),
    *answers(
        Cause.CANNOT_LOAD,
        b.Status(
            code=500,
            body="model requires more system memory (5.6 GiB) than is available (4.9 GiB)",
        ),
        b.Status(code=500, body="error loading model: unknown model architecture: 'mamba9'"),
        b.Status(code=500, body="unable to load model: /models/blobs/sha256-00"),
        b.Status(code=500, body="llama runner process has terminated: cudaMalloc: out of memory"),
        b.Status(code=500, body="failed to load model"),
        b.Status(code=503, body="the model needs more memory"),
    ),
    *answers(
        Cause.CONTEXT_OVERFLOW,
        b.Status(code=400, body="this exceeds the context length"),
        b.Status(code=413, body="prompt too long"),
        b.Status(code=400, raw=b'{"error": {"message": "exceeds the available context size"}}'),
    ),
    *answers(
        Cause.NO_SUCH_PATH,
        b.NoSuchPath(),
        b.Status(code=404, raw=b""),
        b.Status(code=404, raw=b"Not Found"),
        b.Status(code=404, raw=b"<html>404</html>"),
        b.Status(code=404, raw=b'{"detail": "Not Found"}'),
    ),
    *answers(
        Cause.REJECTED,
        b.Status(code=400, body="Your request violates our usage policies"),
        b.Status(code=400, raw=b'{"error": {"code": "content_policy_violation"}}'),
        b.Status(code=403, body="flagged by moderation"),
        b.Status(code=422, body="blocked by the safety system"),
        b.Status(code=451, body="content rejected"),
        b.ErrorMidStream(message="stopped by the content filter"),
    ),
    *answers(
        Cause.MODEL_REFUSED,
        b.Status(code=401, body="unauthorized"),
        b.Status(code=402, body="this model needs a subscription"),
        b.Status(code=403, body="denied by access policy"),
        b.Status(code=407, raw=b"<html>Proxy</html>"),
        b.Status(code=410, body="the model was withdrawn"),
    ),
    *answers(Cause.GIVEN_UP, b.Status(code=408, raw=b""), b.Status(code=499, body="canceled")),
]
SLOW = [
    *waits(
        Cause.TIMEOUT,
        AT_ONCE,
        b.Silent(),
        b.SilentAfterHead(),
        b.SlowHead(seconds=0.02),
        b.SlowFirstToken(seconds=LATE),
        b.Trickle(seconds=0.1),
        b.DribbledLine(seconds=0.05),
        b.NeverEnding(),
        b.Heartbeat(),
        b.StallAfter(tokens=2),
        b.EndlessContinue(),
    ),
    *waits(
        Cause.SLOW_START,
        TOKENS,
        b.Silent(),
        b.SlowHead(seconds=0.02),
        b.SlowFirstToken(seconds=LATE),
        b.DribbledLine(seconds=0.05),
        b.Heartbeat(),
        b.Trickle(seconds=LATE),
        b.EndlessContinue(),
    ),
    *waits(Cause.STALLED, TOKENS, b.StallAfter(tokens=2)),
    Case(name="deaf", cause=Cause.TIMEOUT, play=deaf),
    loading(Cause.LOAD_TIMEOUT, "slow-load-60:1", load_timeout_seconds=SOON),
]
CLOSED = [Case(name="every path refused", cause=Cause.HOST_REFUSES, play=all_refused)]
UNLOADABLE = [
    loading(Cause.CANNOT_LOAD, "load-fails:1"),
    loading(Cause.MODEL_MISSING, "missing:1"),
]
ENDED = [
    Case(
        name="the deadline comes",
        cause=Cause.OUT_OF_TIME,
        play=lambda fake: failure(
            fake.host, "silent:1", limits={"deadline": time.monotonic() + SOON}
        ),
    ),
    Case(
        name="the deadline has passed",
        cause=Cause.DEADLINE_PASSED,
        play=lambda fake: failure(fake.host, limits={"deadline": time.monotonic() - 1}),
    ),
    Case(name="cancelled", cause=Cause.CANCELLED, play=cancelled),
]

#: Those that end at once; `test_limits` has the others.
PROMPT = [*HOSTS, *BROKEN, *USELESS, *REFUSED, *CLOSED, *UNLOADABLE, *ENDED]
CASES = [*PROMPT, *SLOW]
#: Rows that no server can bring about, and the tests that have them.
ELSEWHERE = {
    Cause.UNEXPECTED: "test_an_error_that_nobody_foresaw_is_transient",
    Cause.SERVER_QUEUE: "test_server_queue: what the permits find out, not the client",
    Cause.STOPPED: "test_runtime: test_closing_ends_what_is_under_way_as_transient",
    Cause.INVALID_OUTPUT: "test_output: test_what_is_not_valid_by_the_schema_is_refused",
}
