"""Open streams, whatever happens meanwhile to the run, to Redis, to the database's rows."""

import socket
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from tests.workers.waiting import wait_until
from workers.models import TaskRun
from workers.process.sweeper import sweep
from workers.runs.claims import claim_release
from workers.streaming import hub, keys, publisher, serving
from workers.streaming.rows import rows_look
from workers.submission.cancel import run_cancel

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def watch(server, web, token):
    return lambda run, **options: web.watch(run, token, **options)


@pytest.fixture
def run(server, broker, config_file, ask):
    """One that no worker takes."""
    return ask()


def test_all_who_watch_a_run_are_told_the_same(run, watch, speaker):
    first = watch(run)
    worker = speaker(run)
    worker.say("Hello")
    first.wait_text("Hello")
    second = watch(run)
    second.wait_text("Hello")
    worker.say(" you")
    worker.succeed("Hello you")
    for seen in (first, second):
        seen.wait_end()
        assert (seen.text, seen.is_whole) == ("Hello you", True)
        assert seen.names()[-1] == "end"
    assert "retry: 1000" in first.others


def test_a_client_that_comes_back_goes_on_where_it_was(run, watch, speaker):
    worker = speaker(run)
    worker.say("Hello")
    first = watch(run)
    first.wait_text("Hello")
    first.leave()
    worker.say(" you")
    worker.say(" there")
    second = watch(run, last_id=first.told[-1].id)
    second.wait_text(" you there")
    assert set(second.names()) == {"text"}
    worker.succeed("Hello you there")
    second.wait_end()
    assert second.text == " you there"
    ids = [told.id for told in first.told + second.told]
    assert len(set(ids)) == len(ids)
    third = watch(run, last_id=second.told[-1].id)
    third.wait_end()
    assert (third.status, third.told) == (204, [])


def test_a_client_that_was_away_for_the_end_is_told_the_rest(run, watch, speaker):
    worker = speaker(run)
    worker.say("Hello")
    first = watch(run)
    first.wait_text("Hello")
    first.leave()
    worker.say(" you")
    worker.succeed("Hello you")
    wait_until(lambda: not publisher.current()._tellings)
    second = watch(run, last_id=first.told[-1].id)
    second.wait_end()
    assert second.text == " you"
    assert second.names()[-1] == "end"


def test_a_worker_that_was_killed_is_replaced_and_its_words_are_withdrawn(run, watch, speaker):
    dead = speaker(run)
    dead.say("Hello from the dead")
    seen = watch(run)
    seen.wait_text("Hello from the dead")
    TaskRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    alive = speaker(run)
    dead.say(", who did not notice")
    alive.say("Hello")
    seen.wait_text("Hello")
    alive.succeed("Hello")
    seen.wait_end()
    assert seen.text == "Hello"
    assert seen.of("reset") == [{"attempt": 1}]
    assert not any("notice" in data["delta"] for data in seen.of("text")[1:])
    assert [data["outcome"] for data in seen.of("attempt")] == [None, None, "succeeded"]


def test_a_run_that_waits_to_be_tried_again_has_no_text(run, watch, speaker):
    worker = speaker(run)
    worker.say("Hello")
    seen = watch(run)
    seen.wait_text("Hello")
    worker.claim.hand_back()
    claim_release(worker.claim)
    seen.wait("reset")
    assert seen.of("state")[-1] == {"status": "retrying"}
    again = speaker(run)
    again.say("Bye")
    seen.wait_text("Bye")
    again.succeed("Bye")
    seen.wait_end()
    assert [data["status"] for data in seen.of("state")][-2:] == ["running", "succeeded"]


def test_a_run_that_fails_ends_its_streams(run, watch, speaker):
    seen, worker = watch(run), speaker(run)
    seen.wait("attempt")
    worker.fail()
    seen.wait("attempt", count=3)
    worker.give_up()
    seen.wait_end()
    assert seen.told[-1].data["error"]["code"] == "rejected"
    told = [(attempt["number"], attempt["outcome"]) for attempt in seen.of("attempt")]
    assert told == [(1, None), (1, "transient"), (2, None), (2, "rejected")]


def test_a_run_that_nobody_has_begun_is_cancelled(run, watch, person):
    seen = watch(run)
    seen.wait("state")
    run_cancel(run, by=person)
    seen.wait_end()
    assert seen.told[-1].data["status"] == "cancelled"


def test_a_run_past_its_deadline_ends_its_streams(run, watch):
    seen = watch(run)
    seen.wait("state")
    TaskRun.objects.update(deadline=timezone.now())
    sweep()
    seen.wait_end()
    assert seen.told[-1].data["error"]["code"] == "deadline_exceeded"


def test_a_run_that_is_deleted_ends_its_streams(run, watch, monkeypatch):
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.1)
    seen = watch(run)
    seen.wait("state")
    TaskRun.objects.all().delete()
    seen.wait_end()
    assert seen.told[-1].data["error"]["code"] == "not_found"
    assert watch(run).wait_end() is None


def test_a_change_that_nobody_told_of_is_seen_all_the_same(run, watch, monkeypatch):
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.1)
    seen = watch(run)
    seen.wait("state")
    TaskRun.objects.update(status="cancelled", finished_at=timezone.now())
    seen.wait_end()
    assert seen.told[-1].data["status"] == "cancelled"


def test_words_that_nobody_told_of_are_read_all_the_same(run, watch, speaker, server, monkeypatch):
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.1)
    seen, worker = watch(run), speaker(run)
    worker.say("Hello")
    seen.wait_text("Hello")
    entry = {"take": "1.1", "at": 5, "text": " you"}
    server[0].xadd(keys.stream_key(run.pk), entry)
    seen.wait_text("Hello you")


def test_redis_that_goes_and_comes_back_loses_nobody_a_word(run, watch, speaker, server):
    _, proxy = server
    seen, worker = watch(run), speaker(run)
    worker.say("Hello")
    seen.wait_text("Hello")
    proxy.cut()
    worker.say(" you")
    proxy.mend()
    seen.wait_text("Hello you")
    worker.succeed("Hello you")
    seen.wait_end()
    assert seen.text == "Hello you"
    assert "reset" not in seen.names()


def test_a_look_between_the_answer_and_the_end_of_its_run_withdraws_nothing(run, watch, speaker):
    seen, worker = watch(run), speaker(run)
    worker.say("Hello")
    seen.wait_text("Hello")
    worker.save_answer()
    seen.wait("attempt", 2)
    worker.succeed("Hello")
    seen.wait_end()
    assert "reset" not in seen.names()


def test_redis_that_comes_back_empty_loses_nobody_a_word(run, watch, speaker, server):
    direct, proxy = server
    seen, worker = watch(run), speaker(run)
    worker.say("Hello")
    seen.wait_text("Hello")
    proxy.cut()
    direct.flushall()
    proxy.mend()
    worker.say(" you")
    seen.wait_text("Hello you")
    late = watch(run)
    late.wait_text("Hello you")
    assert "reset" not in seen.names()


def test_without_redis_the_states_and_the_result_come_from_the_database(
    run, watch, speaker, server, monkeypatch
):
    monkeypatch.setattr(hub, "LOOK_ALONE_SECONDS", 0.1)
    _, proxy = server
    proxy.cut()
    seen, worker = watch(run), speaker(run)
    worker.say("Hello")
    wait_until(lambda: {"status": "running"} in seen.of("state"))
    worker.succeed("Hello you")
    seen.wait_end()
    assert (seen.text, seen.names()[-1]) == ("Hello you", "end")
    proxy.mend()


def test_redis_that_hangs_when_a_stream_is_opened_does_not_hold_it(
    run, watch, speaker, server, monkeypatch
):
    monkeypatch.setattr(hub, "LOOK_ALONE_SECONDS", 0.1)
    _, proxy = server
    proxy.freeze()
    seen, worker = watch(run), speaker(run)
    worker.succeed("Hello")
    seen.wait_end()
    assert seen.text == "Hello"
    proxy.thaw()


def test_whatever_breaks_on_the_way_to_redis_is_tried_again(run, watch, speaker, monkeypatch):
    listen, broken = hub.listening, [RuntimeError("the handler is closed")]

    def listening():
        if broken:
            raise broken.pop()
        return listen()

    monkeypatch.setattr(hub, "listening", listening)
    seen, worker = watch(run), speaker(run)
    worker.say("Hello")
    seen.wait_text("Hello")


def test_a_stream_ends_when_its_time_is_over_and_goes_on_after_it(run, watch, speaker):
    worker = speaker(run)
    worker.say("Hello")
    seen = watch(run, query="?wait=1")
    seen.wait_end()
    assert (seen.text, seen.is_whole) == ("Hello", True)
    assert "end" not in seen.names()
    worker.say(" you")
    later = watch(run, query="?wait=1", last_id=seen.told[-1].id)
    later.wait_end()
    assert later.text == " you"


def test_a_silent_stream_has_heartbeats(run, watch, monkeypatch):
    monkeypatch.setattr(serving, "HEARTBEAT_SECONDS", 0.05)
    seen = watch(run)
    wait_until(lambda: seen.others.count(":") > 2)
    assert seen.names() == ["state"]


def test_who_has_left_is_forgotten(run, watch, web):
    seen = watch(run)
    seen.wait("state")
    the_hub = web.application._hub
    assert len(the_hub._feeds) == 1
    seen.leave()
    wait_until(lambda: not the_hub._feeds)


def test_when_the_last_one_has_left_nothing_is_followed_any_more(
    run, watch, web, monkeypatch, server
):
    monkeypatch.setattr(hub, "LINGER_SECONDS", 0.0)
    direct, _ = server
    # A state is told without waiting long for the subscription.
    seen = watch(run)
    wait_until(lambda: direct.pubsub_numsub(keys.channel())[0][1] == 1)
    seen.leave()
    wait_until(lambda: direct.pubsub_numsub(keys.channel())[0][1] == 0)
    watch(run)
    wait_until(lambda: direct.pubsub_numsub(keys.channel())[0][1] == 1)


def test_who_reads_nothing_is_let_go_and_nothing_is_kept_for_it(
    run, web, token, speaker, monkeypatch
):
    monkeypatch.setattr(serving, "STUCK_SECONDS", 0.5)
    worker = speaker(run)
    with socket.create_connection(("127.0.0.1", web.port)) as client:
        head = f"GET /v1/tasks/{run.pk}/events HTTP/1.1\r\nHost: localhost\r\n"
        client.sendall(f"{head}Authorization: Token {token}\r\n\r\n".encode())
        wait_until(lambda: web.application._hub and web.application._hub._feeds)
        worker.say("word " * 4_000_000)
        wait_until(lambda: not web.application._hub._feeds)


def test_while_the_database_is_away_words_go_on_and_states_follow(run, watch, speaker, monkeypatch):
    away = threading.Event()

    def look(known):
        if away.is_set():
            raise OperationalError("the database is away")
        return rows_look(known)

    monkeypatch.setattr(hub, "rows_look", look)
    seen, worker = watch(run), speaker(run)
    worker.say("Hello")
    seen.wait_text("Hello")
    away.set()
    worker.say(" you")
    seen.wait_text("Hello you")
    worker.succeed("Hello you")
    assert "end" not in seen.names()
    away.clear()
    seen.wait_end()
    assert seen.names()[-1] == "end"


def test_a_server_that_stops_ends_its_streams_and_has_the_clients_come_back(run, watch, web):
    seen = watch(run)
    seen.wait("state")
    web.stop()
    seen.wait_end()
    assert seen.is_whole
    assert [line for line in seen.others if line.startswith("retry: ")][1:]
    assert "end" not in seen.names()
