"""How often the API may be called: by user and by address, whatever is called."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import override_settings
from django.urls import URLPattern, get_resolver
from rest_framework.settings import api_settings
from rest_framework.test import APIClient

from config.api.throttles.limits import SCOPES, Limits, rate_of
from config.api.throttles.rates import Rate
from config.api.throttles.throttle import ADDRESS_FACTOR, RateThrottle, scope_of
from config.api.throttles.windows import Bucket
from llmconfig.cache import outage, server

pytestmark = pytest.mark.django_db
READ, WRITE, LOGIN = "/v1/auth/me", "/v1/users/llm-config", "/v1/auth/token"


@pytest.fixture
def rates(settings):
    """Sets the limits: ``rates(read="2/hour")``."""

    def put(**texts):
        for scope, text in texts.items():
            setattr(settings, f"API_RATE_{scope.upper()}", text)

    return put


def views():
    """Every view below /v1/ that is one of the framework's."""
    found = []

    def walk(patterns):
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                found.append(getattr(pattern.callback, "cls", None))
            else:
                walk(pattern.url_patterns)

    walk([each for each in get_resolver().url_patterns if str(each.pattern) == "v1/"])
    return [view for view in found if view is not None]


def test_no_view_escapes_the_limits_nor_names_a_limit_that_is_none():
    assert len(views()) > 5
    for view in views():
        assert view.throttle_classes == [RateThrottle], view
        assert set(getattr(view, "rate_scopes", {}).values()) <= set(SCOPES), view


@pytest.mark.parametrize(
    ("method", "scope"),
    [
        ("GET", "read"),
        ("HEAD", "read"),
        ("OPTIONS", "read"),
        ("POST", "config_write"),
        ("PUT", "config_write"),
        ("PATCH", "config_write"),
        ("DELETE", "config_write"),
    ],
)
def test_a_view_that_states_nothing_reads_or_writes_configuration(method, scope):
    assert scope_of(method, object()) == scope


def test_there_is_a_limit_of_each_kind_unless_its_setting_is_empty():
    with override_settings(API_RATE_READ="7/min", API_RATE_SUBMIT=""):
        assert (rate_of("read").limit, rate_of("submit")) == (7, None)


class TestRefusal:
    def test_is_a_problem_that_tells_when_to_come_back(self, rates, client_of):
        rates(read="2/hour")
        client = client_of()
        assert [client.get(READ).status_code for _ in range(3)] == [200, 200, 429]
        answer = client.get(READ)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "throttled"
        assert 3000 < int(answer.headers["Retry-After"]) <= 3600

    def test_of_one_kind_leaves_the_others(self, rates, client_of):
        rates(read="1/hour", config_write="1/hour")
        client = client_of()
        assert [client.get(READ).status_code for _ in range(2)] == [200, 429]
        assert [client.patch(WRITE, {}).status_code for _ in range(2)] == [200, 429]

    def test_of_a_write_changes_nothing(self, rates, client_of):
        rates(config_write="1/hour")
        client = client_of()
        client.patch(WRITE, {"timeout_seconds": 30})
        client.patch(WRITE, {"timeout_seconds": 60})
        assert client.get(WRITE).json()["preferences"]["timeout_seconds"] == 30

    def test_does_not_reach_logging_out(self, rates, client_of):
        rates(config_write="1/hour", submit="1/hour")
        client = client_of()
        client.patch(WRITE, {})
        assert client.delete("/v1/auth/token").status_code == 204

    def test_is_not_for_who_has_an_empty_setting(self, rates, client_of):
        rates(read="")
        client = client_of()
        assert {client.get(READ).status_code for _ in range(5)} == {200}

    @pytest.mark.django_db(transaction=True)
    def test_a_hundred_at_once_do_not_escape(self, rates, client_of):
        rates(read="30/hour")
        clients = [client_of(address=f"192.0.2.{number}") for number in range(5)]

        def ask(number):
            try:
                return clients[number % 5].get(READ).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(100)))
        assert (answers.count(200), answers.count(429)) == (30, 70)


class TestWhoIsCounted:
    def test_a_user_under_every_address_and_token(self, rates, client_of):
        rates(read="2/hour")
        addresses = ["192.0.2.1", "198.51.100.7", "2001:db8::1"]
        answers = [client_of(address=address).get(READ).status_code for address in addresses]
        assert answers == [200, 200, 429]

    def test_other_users_under_the_same_address_have_their_own(self, rates, client_of):
        rates(read="1/hour")
        assert client_of("ada").get(READ).status_code == 200
        assert client_of("ada").get(READ).status_code == 429
        assert client_of("ben").get(READ).status_code == 200

    def test_many_users_under_one_address_are_limited_together(self, rates, client_of):
        rates(read="1/hour")
        answers = [client_of(f"u{n}").get(READ).status_code for n in range(ADDRESS_FACTOR + 1)]
        assert answers == [200] * ADDRESS_FACTOR + [429]
        assert client_of("late", address="192.0.2.2").get(READ).status_code == 200

    def test_a_header_that_claims_another_address_changes_nothing(self, rates):
        rates(login="2/hour")
        answers = [
            APIClient(REMOTE_ADDR="192.0.2.1")
            .post(LOGIN, {"username": f"u{n}", "password": "x"}, HTTP_X_FORWARDED_FOR=f"10.0.0.{n}")
            .status_code
            for n in range(3)
        ]
        assert answers == [401, 401, 429]

    def test_behind_our_proxies_the_address_is_what_they_say(self, rates, monkeypatch):
        rates(login="1/hour")
        monkeypatch.setattr(api_settings, "NUM_PROXIES", 1)
        answers = [
            APIClient(REMOTE_ADDR="10.0.0.1")
            .post(LOGIN, {"username": f"u{n}", "password": "x"}, HTTP_X_FORWARDED_FOR=told)
            .status_code
            for n, told in enumerate(["192.0.2.1", "192.0.2.2", "192.0.2.2, 192.0.2.1"])
        ]
        assert answers == [401, 401, 429]


class TestLogIn:
    def tried(self, name, address="192.0.2.1", *, right=False):
        body = {"username": name, "password": "right" if right else "wrong"}
        return APIClient(REMOTE_ADDR=address).post(LOGIN, body).status_code

    def test_is_limited_by_address(self, rates):
        rates(login="2/hour")
        assert [self.tried(f"u{n}") for n in range(3)] == [401, 401, 429]

    def test_one_network_locks_nobody_out_elsewhere(self, rates):
        get_user_model().objects.create_user("ada", password="right")
        rates(login="2/hour")
        assert [self.tried("ada") for _ in range(3)] == [401, 401, 429]
        assert self.tried("ada", "192.0.2.9", right=True) == 200

    def test_a_name_is_limited_over_all_networks_together(self, rates):
        rates(login="1/hour")
        answers = [self.tried("ada", f"192.0.2.{n}") for n in range(ADDRESS_FACTOR + 1)]
        assert answers == [401] * ADDRESS_FACTOR + [429]
        assert self.tried("ben", "192.0.2.99") == 401

    def test_a_network_of_the_users_own_passes_the_limit_on_the_name(self, rates):
        get_user_model().objects.create_user("ada", password="right")
        rates(login="2/hour")
        assert self.tried("ada", "198.51.100.7", right=True) == 200
        answers = [self.tried("ada", f"192.0.2.{n}") for n in range(2 * ADDRESS_FACTOR + 1)]
        assert answers[-1] == 429
        assert self.tried("ada", "198.51.100.8", right=True) == 429
        assert self.tried("ada", "198.51.100.7", right=True) == 200

    def test_an_ipv6_network_is_one_address(self, rates):
        rates(login="2/hour")
        assert [self.tried(f"u{n}", f"2001:db8::{n}:1") for n in range(3)] == [401, 401, 429]
        assert self.tried("eve", "2001:db8:0:1::1") == 401

    def test_a_right_password_does_not_pass_the_limit(self, rates):
        get_user_model().objects.create_user("ada", password="right")
        rates(login="1/hour")
        self.tried("ada")
        assert self.tried("ada", right=True) == 429

    @pytest.mark.parametrize("body", ["{", "[]", '{"username": 5}', '{"username": "\\ud800"}'])
    def test_whatever_is_sent_is_no_error_of_the_server(self, rates, body):
        rates(login="1/hour")
        client = APIClient()
        answers = [
            client.post(LOGIN, body, content_type="application/json").status_code for _ in range(2)
        ]
        assert set(answers) <= {400, 429}


class TestOutage:
    """Without Redis everything is let through but log-ins, which each process counts itself."""

    @pytest.mark.parametrize("fault", ["cut", "freeze"])
    def test_lets_through_what_it_cannot_count(self, rates, client_of, fail, fault):
        rates(read="1/hour", config_write="1/hour")
        client = client_of()
        assert [client.get(READ).status_code for _ in range(2)] == [200, 429]
        fail(fault)
        assert [client.get(READ).status_code for _ in range(3)] == [200] * 3
        assert client.patch(WRITE, {}).status_code == 200

    @pytest.mark.parametrize("fault", ["cut", "freeze"])
    def test_still_limits_log_ins(self, rates, fail, fault):
        rates(login="2/hour")
        fail(fault)
        body = {"username": "ada", "password": "x"}
        answers = [APIClient().post(LOGIN, body) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert int(answers[-1].headers["Retry-After"]) > 0

    def test_is_told_once_and_so_is_its_end(self, rates, client_of, wire, caplog):
        rates(read="1/hour")
        client = client_of()
        with caplog.at_level(logging.INFO, logger="config.api.throttles"):
            wire.cut()
            for _ in range(3):
                client.get(READ)
            wire.mend()
            answers = [client.get(READ).status_code for _ in range(2)]
        assert answers == [200, 429]
        told = [
            (record.levelname, record.action)
            for record in caplog.records
            if record.name.startswith("config")
        ]
        assert told == [("WARNING", "limits_away"), ("INFO", "limits_back")]

    def test_is_told_once_by_many_at_once(self, fail, caplog):
        fail("cut")
        limits, buckets = Limits(), [Bucket("x", Rate(1, 60))]
        with ThreadPoolExecutor(20) as pool:
            asked = [pool.submit(limits.admit, "read", buckets) for _ in range(50)]
            waits = {each.result() for each in asked}
        assert waits == {0}
        ours = [record for record in caplog.records if record.name.startswith("config.")]
        assert len(ours) == 1

    def test_a_server_that_hangs_is_waited_for_once(self, rates, client_of, fail, monkeypatch):
        rates(read="100/hour")
        client = client_of()
        asked = []
        ask = server.Server._ask

        def counted(self, work):
            asked.append(work)
            return ask(self, work)

        monkeypatch.setattr(server.Server, "_ask", counted)
        monkeypatch.setattr(outage, "PAUSE_SECONDS", 60)
        fail("freeze")
        assert {client.get(READ).status_code for _ in range(20)} == {200}
        assert len(asked) == 1


@pytest.mark.parametrize("address", ["/healthz"])
def test_health_is_never_refused(rates, client, address):
    rates(read="1/hour")
    assert {client.get(address).status_code for _ in range(3)} == {200}
