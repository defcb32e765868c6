"""Every call that may change something leaves one entry, whatever becomes of it."""

import logging
import uuid

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.db import DatabaseError
from django.test import AsyncClient
from knox.models import AuthToken
from rest_framework.settings import api_settings
from rest_framework.test import APIClient

from llmconfig.audit.entries import AuditEntry
from workers.api.views import TaskCancelView

pytestmark = pytest.mark.django_db
CONFIG = "/v1/users/llm-config"
LOGIN = "/v1/auth/token"


def test_an_entry_tells_who_did_what_from_where_by_which_token(api, ada, trail):
    answer = api.put(CONFIG, {"timeout_seconds": 30}, HTTP_X_REQUEST_ID="abc-1")
    entry = trail()[0]
    assert answer.status_code == 200
    assert (entry.user_id, entry.username) == (ada.pk, "ada")
    assert (entry.method, entry.operation, entry.object_id) == ("PUT", "user-llm-config", "")
    assert (entry.status, entry.address, entry.request_id) == (200, "127.0.0.1", "abc-1")
    assert entry.token_key == AuthToken.objects.get().token_key[:8]
    assert len(trail()) == 1


def test_no_entry_holds_a_token_a_password_or_a_body(ada, trail):
    ada.set_password("a secret word")
    ada.save()
    client = APIClient()
    token = client.post(LOGIN, {"username": "ada", "password": "a secret word"}).json()["token"]
    client.post(LOGIN, {"username": "a secret word", "password": "ada"})
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    client.patch(CONFIG, {"parameters": {"stop": ["a private thing"]}})
    told = str(list(AuditEntry.objects.values()))
    assert len(trail()) == 3
    assert "secret" not in told
    assert "private" not in told
    assert token[8:] not in told


def test_reading_leaves_none(api, trail):
    for method in (api.get, api.head, api.options):
        method(CONFIG)
    assert trail() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [({"timeout_seconds": 0}, 400), ({"model": "x", "fallback_model": "x"}, 409)],
)
def test_a_refused_change_is_told_with_its_status(api, trail, body, status):
    assert api.put(CONFIG, body).status_code == status
    assert trail("method", "status") == [("PUT", status)]


def test_a_page_where_people_change_something_is_told_too(client, ada, trail):
    client.force_login(ada)
    settings = {"weekday": 3, "hour": 10, "delivery": "page"}
    assert client.get("/reports/settings/").status_code == 200
    assert client.post("/reports/settings/", settings).status_code == 302
    assert client.post(f"/reports/{uuid.uuid4()}/again/").status_code == 404
    assert trail("username", "operation", "status") == [
        ("ada", "report-settings-page", 302),
        ("ada", "report-again-page", 404),
    ]


class TestAccounts:
    @pytest.fixture
    def ada(self, db):
        return get_user_model().objects.create_user("ada", password="right")

    def log_in(self, name="ada", password="right"):  # noqa: S107  (of a throw-away user)
        return APIClient().post(LOGIN, {"username": name, "password": password})

    def test_a_log_in_is_told_with_the_token_it_made(self, ada, trail):
        self.log_in()
        key = AuthToken.objects.get().token_key[:8]
        assert trail("username", "operation", "status", "token_key") == [
            ("ada", "auth-token", 200, key)
        ]

    def test_one_that_failed_names_the_user_if_there_is_one(self, ada, trail):
        self.log_in(password="wrong")
        self.log_in(name="a password, typed in haste")
        assert trail("username", "user_id", "status") == [("ada", ada.pk, 401), ("", None, 401)]

    def test_a_log_out_is_told_with_its_token(self, api, trail):
        key = AuthToken.objects.get().token_key[:8]
        api.delete(LOGIN)
        assert trail("method", "username", "status", "token_key") == [("DELETE", "ada", 204, key)]

    @pytest.mark.parametrize("address", [LOGIN, "/v1/auth/tokens"])
    def test_the_end_of_a_session_is_told_without_one(self, ada, trail, address):
        client = APIClient()
        client.force_login(ada)
        client.delete(address)
        assert trail("method", "username", "token_key") == [("DELETE", "ada", "")]


class TestNotTold:
    """Strangers do not fill the table, and what was not taken up changed nothing."""

    def test_is_a_call_of_nobody_we_know(self, db, trail):
        APIClient().put(CONFIG, {})
        APIClient().post("/v1/tasks", {})
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION="Token wrong")
        client.delete(LOGIN)
        assert trail() == []

    def test_is_one_call_too_many(self, api, trail, settings):
        settings.API_RATE_CONFIG_WRITE = "1/hour"
        assert [api.patch(CONFIG, {}).status_code for _ in range(3)] == [200, 429, 429]
        assert trail("status") == [(200,)]

    def test_is_one_log_in_too_many(self, trail, settings):
        settings.API_RATE_LOGIN = "1/hour"
        body = {"username": "ada", "password": "x"}
        assert [APIClient().post(LOGIN, body).status_code for _ in range(3)] == [401, 429, 429]
        assert trail("status") == [(401,)]

    def test_is_an_unknown_address_or_method(self, api, trail):
        assert api.post("/v1/nope", {}).status_code == 404
        assert api.post(CONFIG, {}).status_code == 405
        assert trail() == []


class TestUntrusted:
    def test_texts_are_cut_and_cleaned(self, api, trail):
        api.patch(CONFIG, {}, HTTP_X_REQUEST_ID="a\0b\nc" + "x" * 1000)
        assert trail()[0].request_id == "abc" + "x" * 197

    def test_ids_in_addresses_are_too(self, api, trail):
        assert api.post("/v1/tasks/a%00b%0Ac/cancel").status_code == 404
        assert trail("operation", "object_id", "status") == [("task-cancel", "abc", 404)]

    def test_an_address_is_believed_from_our_proxies_alone(self, api, trail, monkeypatch):
        claimed = {"HTTP_X_FORWARDED_FOR": "10.0.0.1, 192.0.2.7"}
        api.patch(CONFIG, {}, **claimed)
        monkeypatch.setattr(api_settings, "NUM_PROXIES", 1)
        api.patch(CONFIG, {}, **claimed)
        api.patch(CONFIG, {}, HTTP_X_FORWARDED_FOR="'; DROP TABLE")
        assert trail("address") == [("127.0.0.1",), ("192.0.2.7",), ("127.0.0.1",)]

    def test_no_address_at_all_is_told_as_none(self, api, trail):
        api.patch(CONFIG, {}, REMOTE_ADDR="")
        assert trail("address") == [(None,)]


def test_a_change_is_done_and_answered_when_its_entry_cannot_be_written(
    api, trail, monkeypatch, caplog
):
    def refuse(self, **_):
        raise DatabaseError("disk full")

    monkeypatch.setattr(AuditEntry, "save", refuse)
    answer = api.put(CONFIG, {"timeout_seconds": 30})
    assert answer.status_code == 200
    assert trail() == []
    lost = next(record for record in caplog.records if record.name.startswith("llmconfig.audit"))
    assert (lost.levelno, lost.action) == (logging.ERROR, "audit_lost")
    assert "PUT '/v1/users/llm-config' by 'ada': status 200" in lost.getMessage()


def test_an_error_of_the_server_is_told_too(api, trail, monkeypatch):
    def fail(*_args, **_options):
        raise KeyError("a bug")

    monkeypatch.setattr(TaskCancelView, "post", fail)
    api.raise_request_exception = False
    assert api.post("/v1/tasks/7/cancel").status_code == 500
    assert trail("operation", "object_id", "status") == [("task-cancel", "7", 500)]


def test_an_entry_takes_one_query(api, django_assert_num_queries, monkeypatch):
    from llmconfig.audit import middleware

    record = middleware.record

    def counted(request, response):
        with django_assert_num_queries(1):
            record(request, response)

    monkeypatch.setattr(middleware, "record", counted)
    assert api.patch(CONFIG, {}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_it_is_the_same_where_the_server_is_asynchronous(ada, trail):
    headers = {"Authorization": f"Token {AuthToken.objects.create(ada)[1]}"}
    client = AsyncClient()
    answer = async_to_sync(client.patch)(
        CONFIG, "{}", content_type="application/json", headers=headers
    )
    async_to_sync(client.get)(CONFIG, headers=headers)
    assert answer.status_code == 200
    assert trail("username", "method", "status") == [("ada", "PATCH", 200)]
