"""What is said reaches Redis in order and whole, and nobody waits for it."""

import os
import threading
import time
import uuid

import pytest
from django.db import transaction

from tests.workers.waiting import wait_until
from workers.runs.signals import changed
from workers.streaming import attempt_text, keys, publisher
from workers.streaming.cursors import Take
from workers.streaming.diff import Row, View
from workers.streaming.entries import entry_apply
from workers.streaming.publisher import Publisher

BEGUN = {"number": 1}
ROW = Row(status="running", deliveries=1, attempts=())


@pytest.fixture
def sender():
    one = Publisher()
    yield one
    one.close()


def heard(direct, run_id):
    view = View(row=ROW)
    for _position, entry in direct.xrange(keys.stream_key(run_id)):
        view = entry_apply(view, entry)
    return view


FIRST = Take(1, 1)


def begin(sender, run_id, take=FIRST, lost=None):
    return sender.telling(run_id, take, BEGUN, lost or threading.Event())


def test_words_arrive_in_order_and_the_stream_ends_by_itself(server, sender):
    direct, _ = server
    run_id = uuid.uuid4()
    telling = begin(sender, run_id)
    wait_until(lambda: direct.exists(keys.stream_key(run_id)))
    assert heard(direct, run_id).begun == BEGUN
    for number in range(200):
        telling.say(f"{number} ")
    telling.end()
    text = " ".join(map(str, range(200)))
    wait_until(lambda: heard(direct, run_id).text == text)
    # 200 words that came at once are not 200 entries.
    assert direct.xlen(keys.stream_key(run_id)) < 20
    wait_until(lambda: 0 < direct.ttl(keys.stream_key(run_id)) <= keys.ENDED_LIFETIME_SECONDS)
    wait_until(lambda: not sender._tellings)


def test_who_listens_is_told_which_runs_have_words_and_which_rows_changed(server, sender):
    direct, _ = server
    spoken, changed = uuid.uuid4(), uuid.uuid4()
    with direct.pubsub() as listener:
        listener.subscribe(keys.channel())
        listener.get_message(timeout=5)
        begin(sender, spoken)
        sender.changed(changed)
        told = set()

        def both_came():
            message = listener.get_message(timeout=0.1)
            told.update(message["data"].decode().split() if message else ())
            return told == {spoken.hex, f"!{changed.hex}"}

        wait_until(both_came)


def test_while_redis_is_away_nobody_waits_and_nothing_is_lost(server, sender, caplog):
    direct, proxy = server
    run_id = uuid.uuid4()
    telling = begin(sender, run_id)
    telling.say("before ")
    wait_until(lambda: heard(direct, run_id).text == "before")
    proxy.cut()
    began = time.monotonic()
    for _ in range(1000):
        telling.say("x")
    assert time.monotonic() - began < 1
    wait_until(lambda: any("does not take events" in r.getMessage() for r in caplog.records))
    proxy.mend()
    wait_until(lambda: heard(direct, run_id).text == "before " + "x" * 1000)
    assert sum("does not take events" in r.getMessage() for r in caplog.records) == 1


def test_what_ended_long_ago_is_not_kept_for_a_redis_that_stays_away(server, sender, monkeypatch):
    direct, proxy = server
    monkeypatch.setattr(attempt_text, "ENDED_SECONDS", 0)
    proxy.cut()
    ended, run_id = begin(sender, uuid.uuid4()), uuid.uuid4()
    speaking = begin(sender, run_id)
    for telling in (ended, speaking):
        telling.say("Hello")
    ended.end()
    wait_until(lambda: sender._tellings == {speaking})
    proxy.mend()
    wait_until(lambda: heard(direct, run_id).text == "Hello")


def test_a_redis_that_comes_back_empty_is_told_everything_again(server, sender):
    direct, _ = server
    run_id = uuid.uuid4()
    telling = begin(sender, run_id)
    telling.say("Hello")
    wait_until(lambda: heard(direct, run_id).text == "Hello")
    direct.flushall()
    telling.say(" you")
    wait_until(lambda: heard(direct, run_id).text == "Hello you")
    assert heard(direct, run_id).begun == BEGUN


def test_a_redis_that_comes_back_older_is_told_everything_again(server, sender):
    direct, proxy = server
    run_id = uuid.uuid4()
    telling = begin(sender, run_id)
    for words, so_far in (("Hello", "Hello"), (" you", "Hello you")):
        telling.say(words)
        wait_until(lambda text=so_far: heard(direct, run_id).text == text)
    proxy.cut()
    [(last, _)] = direct.xrevrange(key := keys.stream_key(run_id), count=1)
    direct.xdel(key, last)
    proxy.mend()
    telling.say(" there")
    wait_until(lambda: heard(direct, run_id).text == "Hello you there")


def test_words_that_were_written_without_an_answer_are_not_said_twice(server, sender):
    direct, proxy = server
    run_id = uuid.uuid4()
    telling = begin(sender, run_id)
    telling.say("a")
    wait_until(lambda: heard(direct, run_id).text == "a")
    for letter in "bcdefgh":
        telling.say(letter)
        proxy.cut()
        proxy.mend()
    wait_until(lambda: heard(direct, run_id).text == "abcdefgh")


def test_whoever_has_lost_its_claim_says_nothing_more(server, sender):
    direct, _ = server
    run_id, lost = uuid.uuid4(), threading.Event()
    telling = begin(sender, run_id, lost=lost)
    telling.say("Hello")
    wait_until(lambda: heard(direct, run_id).text == "Hello")
    lost.set()
    telling.say(" you")
    wait_until(lambda: not sender._tellings)
    assert heard(direct, run_id).text == "Hello"


def test_a_stream_is_capped(server, sender, monkeypatch):
    direct, _ = server
    monkeypatch.setattr(keys, "MOST_ENTRIES", 100)
    key = keys.stream_key(run_id := uuid.uuid4())
    for number in range(400):
        direct.xadd(key, {"take": "1.1", "at": number, "text": "x"})
    begin(sender, run_id)
    # Redis cuts whole nodes of up to a hundred entries.
    wait_until(lambda: direct.xlen(key) <= 200)


def test_a_change_is_told_after_the_commit_and_not_without_one(
    server, transactional_db, monkeypatch
):
    told = []
    monkeypatch.setattr(publisher.current(), "changed", told.append)
    with transaction.atomic():
        changed("kept")
        assert not told
    assert told == ["kept"]
    with transaction.atomic():
        changed("undone")
        transaction.set_rollback(True)
    assert told == ["kept"]


def test_a_child_of_a_fork_speaks_for_itself(server):
    direct, _ = server
    run_id = uuid.uuid4()
    before = publisher.current()
    before.changed(uuid.uuid4())
    wait_until(lambda: not before._changed)
    if not (child := os.fork()):
        telling = publisher.current().telling(run_id, Take(1, 1), BEGUN, threading.Event())
        telling.say("child")
        until = time.monotonic() + 10
        while publisher.current()._tellings and time.monotonic() < until:
            telling.end()
            time.sleep(0.01)
        os._exit(0 if publisher.current() is not before else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert heard(direct, run_id).text == "child"
    before.close()


def test_it_speaks_again_after_it_was_closed(server, sender):
    direct, _ = server
    run_id = uuid.uuid4()
    begin(sender, run_id)
    sender.close()
    assert heard(direct, run_id).begun == BEGUN
    begin(sender, run_id, take=Take(1, 2))
    wait_until(lambda: heard(direct, run_id).take == Take(1, 2))
