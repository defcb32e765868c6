import uuid

import pytest
from django.conf import settings

from llmconfig.cache import protocol
from llmconfig.cache.protocol import COMMON, MAX_SCOPES, look, mark, merged, release, user_scope
from llmconfig.cache.server import Wire
from tests.devstack.embedded.support import eventually

ADA = user_scope(1)


@pytest.fixture
def wire():
    return Wire(settings.REDIS_URL)


@pytest.fixture
def place():
    return uuid.uuid4().hex


@pytest.fixture
def versions(wire, place):
    return lambda *scopes: look(wire, scopes or (COMMON, ADA), "entry", place)[0]


def test_tokens_stay_until_a_scope_is_changed(wire, place, versions):
    before = versions()
    assert versions() == before
    mark(wire, [ADA], "a1", place)
    release(wire, [ADA], "a1", place)
    after = versions()
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_a_token_never_comes_back(wire, place, versions):
    seen = [versions(ADA)]
    for _ in range(20):
        release(wire, [ADA], "a1", place)
        seen.append(versions(ADA))
    assert len(set(seen)) == 21


def test_a_marked_scope_has_no_token(wire, place, versions):
    mark(wire, [ADA], "a1", place)
    assert versions() is None
    assert versions(COMMON) is not None


def test_a_scope_is_marked_until_its_last_writer_is_done(wire, place, versions):
    mark(wire, [ADA], "a1", place)
    mark(wire, [ADA], "b2", place)
    release(wire, [ADA], "a1", place)
    assert versions() is None
    release(wire, [ADA], "b2", place)
    assert versions() is not None


def test_a_writer_that_marks_twice_is_done_once(wire, place, versions):
    mark(wire, [ADA], "a1", place)
    mark(wire, [ADA, COMMON], "a1", place)
    release(wire, [ADA, COMMON], "a1", place)
    assert versions() is not None


def test_the_mark_of_a_dead_writer_ends_although_others_write(wire, place, versions, monkeypatch):
    mark(wire, [ADA], "b2", place)
    monkeypatch.setattr(protocol, "_LIFETIME_MS", 50)
    mark(wire, [ADA], "dead", place)
    monkeypatch.undo()
    ended = milliseconds(wire) + 50
    assert eventually(lambda: milliseconds(wire) > ended)
    mark(wire, [ADA], "b2", place)
    release(wire, [ADA], "b2", place)
    assert versions() is not None


def milliseconds(wire):
    seconds, micros = map(int, wire.call("TIME"))
    return seconds * 1000 + micros // 1000


def test_a_mark_that_ends_leaves_no_old_token(wire, place, versions, monkeypatch):
    before = versions()
    monkeypatch.setattr(protocol, "_LIFETIME_MS", 50)
    mark(wire, [ADA], "dead", place)
    monkeypatch.undo()
    assert eventually(versions) != before


def test_what_is_kept_is_found_by_its_name(wire, place):
    protocol.keep(wire, "entry:1", "kept", place)
    assert look(wire, [COMMON], "entry:1", place)[1] == b"kept"
    assert look(wire, [COMMON], "entry:2", place)[1] is None
    assert look(wire, [COMMON], "entry:1", "other")[1] is None


def test_many_scopes_are_changed_as_all():
    users = {user_scope(number) for number in range(MAX_SCOPES)}
    assert merged(users) == users
    assert merged({*users, user_scope("one more")}) == {COMMON}
    assert merged({ADA, COMMON}) == {COMMON}
