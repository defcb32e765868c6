"""The wrapper around Django: who is worked on, who waits, who is refused."""

import asyncio
import json
import logging

import pytest
from django.conf import settings

from config.admission.asgi import Admission
from config.admission.shares import SHARES, Kind, Share, kind_of
from tests.config.admission.clients import Client, Working, turns

LIMIT = 1000


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario(), 30))


def wrapped(working, *, at_once=2, wait_seconds=30, **options):
    share = Share(at_once=at_once, wait_seconds=wait_seconds)
    shares = dict.fromkeys(Kind, share)
    return Admission(working, **{"shares": shares, "body_bytes": LIMIT, **options})


def test_as_many_as_there_are_places_are_worked_on_at_once():
    async def scenario():
        working = Working()
        admission = wrapped(working)
        clients = [Client(admission) for _ in range(5)]
        await turns()
        assert working.now == 2
        while any(not client.done for client in clients):
            working.finish_one()
            await turns()
            assert working.now <= 2
        assert [client.status for client in clients] == [200] * 5
        assert working.most == 2

    run(scenario)


def test_who_sends_a_body_slowly_holds_no_place():
    async def scenario():
        working = Working()
        admission = wrapped(working, at_once=1)
        slow = Client(admission, pieces=[b"a"], whole=False)
        quick = Client(admission)
        await turns()
        assert working.now == 1
        working.finish_one()
        await quick.answered()
        slow.send(b"b", more=False)
        await turns()
        working.finish_one()
        await slow.answered()
        assert working.bodies == [b"", b"ab"]

    run(scenario)


def test_a_body_that_does_not_come_in_time_is_refused():
    async def scenario():
        client = Client(wrapped(Working(), body_seconds=0.01), pieces=[b"a"], whole=False)
        await client.answered()
        assert (client.status, client.problem["code"]) == (408, "body_too_slow")

    run(scenario)


@pytest.mark.parametrize(
    "headers",
    [[], [(b"content-length", b"nonsense")], [(b"content-length", b"3")]],
    ids=["chunked", "no number", "too small a number"],
)
def test_a_body_is_counted_as_it_comes(headers):
    async def scenario():
        pieces = [b"x" * 400] * 3
        client = Client(wrapped(Working()), headers=headers, pieces=pieces)
        await client.answered()
        assert (client.status, client.problem["code"]) == (413, "body_too_large")
        assert client.headers[b"connection"] == b"close"

    run(scenario)


@pytest.mark.parametrize(
    ("headers", "pieces", "told"),
    [
        ([(b"transfer-encoding", b"chunked")], [b"ab", b"c"], {b"content-length": b"3"}),
        ([(b"content-length", b"3")], [b"abc"], {b"content-length": b"3"}),
        (
            [(b"content-length", b"0"), (b"transfer-encoding", b"chunked")],
            [b"abc"],
            {b"content-length": b"3"},
        ),
        ([(b"transfer-encoding", b"chunked")], [b""], {b"transfer-encoding": b"chunked"}),
        ([], [b""], {}),
    ],
    ids=["in chunks", "with its length", "with another length", "in no chunk", "none"],
)
def test_a_body_that_came_in_chunks_is_given_on_with_its_length(headers, pieces, told):
    async def scenario():
        working = Working()
        client = Client(wrapped(working), headers=headers, pieces=pieces)
        await turns()
        working.finish_one()
        await client.answered()
        assert (working.heads, working.bodies) == ([told], [b"".join(pieces)])

    run(scenario)


def test_a_body_that_is_declared_too_large_is_not_read():
    async def scenario():
        working = Working()
        headers = [(b"content-length", b"1001")]
        client = Client(wrapped(working), headers=headers, pieces=[], whole=False)
        await client.answered()
        assert (client.status, working.bodies) == (413, [])

    run(scenario)


def test_a_body_of_just_the_limit_is_taken():
    async def scenario():
        working = Working()
        client = Client(wrapped(working), pieces=[b"x" * LIMIT])
        await turns()
        working.finish_one()
        await client.answered()
        assert working.bodies == [b"x" * LIMIT]

    run(scenario)


def test_where_all_bodies_together_are_too_many_bytes_the_next_is_refused_and_room_comes_back():
    async def scenario():
        working = Working()
        admission = wrapped(working, at_once=1, together_bytes=LIMIT)
        first = Client(admission)
        second = Client(admission, pieces=[b"x" * LIMIT])
        await turns()
        third = Client(admission, pieces=[b"x"])
        await third.answered()
        assert (third.status, third.headers[b"retry-after"]) == (503, b"5")
        for client in (first, second):
            working.finish_one()
            await client.answered()
            await turns()
        fourth = Client(admission, pieces=[b"x" * LIMIT])
        await turns()
        working.finish_one()
        await fourth.answered()
        assert fourth.status == 200

    run(scenario)


def test_who_waits_too_long_is_told_when_to_come_again():
    async def scenario():
        working = Working()
        admission = wrapped(working, at_once=1, wait_seconds=0.01)
        Client(admission)
        await turns()
        client = Client(admission)
        await client.answered()
        assert (client.status, client.problem["code"]) == (503, "overloaded")
        assert client.headers[b"retry-after"] == b"5"
        working.finish_one()

    run(scenario)


def test_who_left_while_waiting_is_not_worked_on():
    async def scenario():
        working = Working()
        admission = wrapped(working, at_once=1)
        first, gone = Client(admission), Client(admission)
        await turns()
        gone.leave()
        await turns()
        assert gone.done
        last = Client(admission)
        for client in (first, last):
            await turns()
            working.finish_one()
            await client.answered()
        assert len(working.bodies) == 2

    run(scenario)


def test_who_leaves_while_worked_on_keeps_the_place_until_the_work_is_done():
    async def scenario():
        working = Working()
        admission = wrapped(working, at_once=1)
        gone, _next = Client(admission), Client(admission)
        await turns()
        gone.leave()
        await turns()
        assert working.now == 1
        assert len(working.bodies) == 1
        working.finish_one()
        await turns()
        assert len(working.bodies) == 2
        working.finish_one()
        await turns()

    run(scenario)


def test_an_answer_goes_out_before_what_is_done_after_it():
    async def scenario():
        done = asyncio.Event()
        working = Working(after=done.wait)
        admission = wrapped(working, at_once=1)
        client, other = Client(admission), Client(admission)
        await turns()
        working.finish_one()
        await turns()
        assert client.status == 200
        assert (client.done, len(working.bodies)) == (False, 1)
        done.set()
        await client.answered()
        await turns()
        working.finish_one()
        await other.answered()

    run(scenario)


def test_who_reads_slowly_holds_no_place():
    async def scenario():
        working = Working()
        admission = wrapped(working, at_once=1)
        slow, quick = Client(admission, reads=False), Client(admission)
        await turns()
        working.finish_one()
        await turns()
        working.finish_one()
        await quick.answered()
        assert (quick.status, slow.done) == (200, False)
        slow.read(True)
        await slow.answered()
        assert slow.status == 200

    run(scenario)


def test_answers_that_together_are_too_many_bytes_keep_their_places_until_they_are_read():
    async def scenario():
        working = Working(b"x" * LIMIT)
        admission = wrapped(working, at_once=1, together_bytes=LIMIT)
        first, second = (Client(admission, reads=False) for _ in range(2))
        third, fourth = Client(admission), Client(admission)
        for _ in range(2):
            await turns()
            working.finish_one()
        await turns()
        assert working.now == 0
        second.read(True)
        await turns()
        assert working.now == 1
        first.read(True)
        for client in (third, fourth):
            await turns()
            working.finish_one()
            await client.answered()

    run(scenario)


def test_an_answer_that_is_not_read_in_time_is_given_up():
    async def scenario():
        working = Working(b"x" * LIMIT)
        admission = wrapped(working, answer_seconds=0.01)
        client = Client(admission, reads=False)
        await turns()
        working.finish_one()
        await client.answered()
        client.read(True)
        assert not client.has_an_answer

    run(scenario)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_pass_by_whoever_waits(path):
    async def scenario():
        working = Working()
        admission = wrapped(working, at_once=1)
        first, waiting = Client(admission), Client(admission)
        await turns()
        probe = Client(admission, path=path)
        await turns()
        assert working.now == 2
        for _ in range(3):
            working.finish_one()
            await turns()
        assert first.done and waiting.done and probe.done  # noqa: PT018  (one fact)
        assert working.most == 2

    run(scenario)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/tasks", Kind.API),
        ("/v1/tasks/0190/result", Kind.API),
        ("/v1/tasks/0190/events", Kind.STREAM),
        ("/v1/status", Kind.OPERATION),
        ("/admin/workers/taskrun/", Kind.OPERATION),
        ("/static/admin/css/base.css", Kind.OPERATION),
        ("/healthz", None),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/llm"])
def test_each_request_has_its_share(path, kind, prefix):
    assert kind_of({"path": prefix + path, "root_path": prefix}) is kind


def test_a_full_api_refuses_no_operator_and_no_stream():
    async def scenario():
        working = Working()
        admission = wrapped(working, at_once=1)
        Client(admission)
        others = [Client(admission, path=path) for path in ("/admin/", "/v1/tasks/1/events")]
        await turns()
        assert working.now == 3
        for _ in range(3):
            working.finish_one()
        for client in others:
            await client.answered()

    run(scenario)


def test_the_shares_leave_connections_of_the_pool():
    pool = settings.DATABASES["default"]["OPTIONS"]["pool"]
    assert sum(share.at_once for share in SHARES.values()) == pool["max_size"] - 2


def test_what_django_fails_at_frees_its_place():
    async def fails(scope, receive, send):
        raise ZeroDivisionError

    async def scenario():
        admission = wrapped(fails, at_once=1)
        for _ in range(3):
            client = Client(admission)
            with pytest.raises(ZeroDivisionError):
                await client.answered()

    run(scenario)


def test_a_refusal_is_a_problem_document(caplog):
    caplog.set_level(logging.WARNING)

    async def scenario():
        client = Client(wrapped(Working()), pieces=[b"x" * (LIMIT + 1)])
        await client.answered()
        assert client.headers[b"content-type"] == b"application/problem+json"
        assert int(client.headers[b"content-length"]) == len(json.dumps(client.problem))
        assert {"type", "title", "status", "code", "detail"} == client.problem.keys()

    run(scenario)
