"""A window admits its limit in any period, on Redis as in one process."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from config.api.throttles.rates import Rate
from config.api.throttles.windows import NAME, Bucket, ProcessWindow, RedisWindow
from llmconfig.cache import server
from llmconfig.cache.redis_keys import redis_key
from tests.devstack.embedded.support import eventually


@pytest.fixture(params=["redis", "process"])
def window(request):
    if request.param == "process":
        return ProcessWindow()
    return RedisWindow(uuid.uuid4().hex)


def bucket(limit, seconds=3600, name="ada"):
    return Bucket(name, Rate(limit, seconds))


def test_it_admits_the_limit_and_no_more(window):
    waits = [window.admit([bucket(3)]) for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert all(3500 < wait <= 3600 for wait in waits[3:])


def test_what_left_the_window_makes_room_and_what_was_refused_took_none(window):
    assert window.admit([bucket(1, 1)]) == 0
    # It asks until it is admitted: if those counted, it never would be.
    assert eventually(lambda: window.admit([bucket(1, 1)]) == 0)


def test_every_bucket_needs_room_and_a_refusal_counts_in_none(window):
    shared, own = bucket(2, name="shared"), bucket(1, name="own")
    assert window.admit([shared, own]) == 0
    assert window.admit([shared, own]) > 0
    assert window.admit([shared]) == 0
    assert window.admit([shared]) > 0


def test_buckets_are_counted_apart(window):
    assert [window.admit([bucket(1, name=name)]) for name in "abc"] == [0, 0, 0]


def test_a_limit_that_was_lowered_holds_at_once(window):
    assert [window.admit([bucket(5)]) for _ in range(5)] == [0] * 5
    assert window.admit([bucket(2)]) > 0
    assert window.admit([bucket(6)]) == 0


def test_a_hundred_at_once_do_not_exceed_it(window):
    with ThreadPoolExecutor(100) as pool:
        waits = list(pool.map(lambda _: window.admit([bucket(7)]), range(100)))
    assert waits.count(0) == 7


@given(
    limit=st.integers(1, 5),
    steps=st.lists(st.integers(0, 30), max_size=60),
)
def test_no_period_however_it_is_cut_has_more_than_the_limit(limit, steps):
    now, admitted = 0, []
    window = ProcessWindow(clock=lambda: now)
    for step in steps:
        now += step
        wait = window.admit([bucket(limit, 60)])
        if wait == 0:
            admitted.append(now)
        else:
            # Waiting is enough, and is needed.
            assert len([moment for moment in admitted if moment > now - 60]) >= limit
            assert len([moment for moment in admitted if moment > now + wait - 60]) < limit
    for moment in admitted:
        assert len([other for other in admitted if moment - 60 < other <= moment]) <= limit


def test_a_process_forgets_what_was_longest_unused(monkeypatch):
    monkeypatch.setattr(ProcessWindow, "MAX_BUCKETS", 2)
    window = ProcessWindow()
    for name in "abc":
        window.admit([bucket(1, name=name)])
    assert window.admit([bucket(1, name="c")]) > 0
    assert window.admit([bucket(1, name="a")]) == 0


class TestRedis:
    @pytest.fixture
    def raw(self):
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            yield client

    def test_its_keys_are_its_own_and_end_with_the_period(self, raw):
        RedisWindow("x1").admit([bucket(3, 60), bucket(9, 3600, "ben")])
        assert 50 < raw.ttl(redis_key(f"{NAME}:x1:ada")) <= 60
        assert 3500 < raw.ttl(redis_key(f"{NAME}:x1:ben")) <= 3600

    def test_it_holds_no_more_moments_than_the_limit(self, raw):
        name = uuid.uuid4().hex
        for _ in range(5):
            RedisWindow(name).admit([bucket(5)])
        RedisWindow(name).admit([bucket(2)])
        assert raw.llen(redis_key(f"{NAME}:{name}:ada")) == 5
        raw.ltrim(redis_key(f"{NAME}:{name}:ada"), 1, 0)
        for _ in range(5):
            RedisWindow(name).admit([bucket(2)])
        assert raw.llen(redis_key(f"{NAME}:{name}:ada")) == 2

    def test_a_call_takes_one_command(self, monkeypatch):
        sent = []
        call = server.Wire.call

        def counted(self, *command):
            sent.append(command[0])
            return call(self, *command)

        window = RedisWindow(uuid.uuid4().hex)
        window.admit([bucket(5)])
        monkeypatch.setattr(server.Wire, "call", counted)
        assert window.admit([bucket(5), bucket(5, name="ben")]) == 0
        assert sent == ["EVAL"]

    def test_what_is_no_list_of_moments_is_unavailable_and_no_outage(self, raw):
        name = uuid.uuid4().hex
        raw.set(redis_key(f"{NAME}:{name}:ada"), "x", ex=60)
        with pytest.raises(server.Unavailable):
            RedisWindow(name).admit([bucket(5)])
        assert not server.current().outage.active

    def test_a_clock_that_was_set_back_makes_nobody_wait_longer_than_a_period(self, raw):
        name = uuid.uuid4().hex
        raw.rpush(redis_key(f"{NAME}:{name}:ada"), 9_000_000_000_000_000)
        assert RedisWindow(name).admit([bucket(1, 60)]) == 60
