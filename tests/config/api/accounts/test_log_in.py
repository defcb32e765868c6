"""``POST /v1/auth/token``: a name and a password for a token that expires."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.config.api.accounts.conftest import PASSWORD
from tests.llmconfig.history.threads import at_once

pytestmark = pytest.mark.django_db


def test_a_name_and_its_password_get_a_token_that_works(ada, log_in):
    answer = log_in()
    assert answer.status_code == 200
    assert answer.json().keys() == {"token", "expires_at"}
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert client.get("/v1/auth/me").json()["username"] == "ada"


def test_the_token_is_stored_as_a_digest_alone(ada, log_in):
    token = log_in().json()["token"]
    stored = str(list(AuthToken.objects.values()))
    assert token not in stored
    assert token[15:] not in stored


def test_it_expires_after_the_time_that_is_set(ada, log_in):
    with override_settings(REST_KNOX={"TOKEN_TTL": timedelta(hours=3), "TOKEN_LIMIT_PER_USER": 9}):
        expires = datetime.fromisoformat(log_in().json()["expires_at"])
    left = expires - timezone.now()
    assert timedelta(hours=2, minutes=59) < left <= timedelta(hours=3)


def test_an_expired_token_is_refused_and_goes_with_the_next_log_in(ada, log_in, client_of):
    client = client_of()
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert client.get("/v1/auth/me").status_code == 401
    old = AuthToken.objects.get()
    log_in()
    assert not AuthToken.objects.filter(pk=old.pk).exists()


def test_nothing_on_the_way_keeps_it(ada, log_in):
    assert log_in().headers["Cache-Control"] == "no-store"
    assert log_in(password="wrong").headers["Cache-Control"] == "no-store"
    assert log_in().headers["X-Content-Type-Options"] == "nosniff"


def test_an_old_token_in_the_header_does_not_hinder_it(ada):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Token expired")
    answer = client.post("/v1/auth/token", {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 200


def test_a_log_in_is_known_to_django(ada, log_in):
    log_in()
    ada.refresh_from_db()
    assert ada.last_login is not None


class TestRefusal:
    @pytest.fixture
    def hashed(self, monkeypatch):
        """How often a password was hashed."""
        count = []
        encode = MD5PasswordHasher.encode

        def counting(self, password, salt):
            count.append(password)
            return encode(self, password, salt)

        monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
        return count

    def test_says_the_same_after_the_same_work_for_every_reason(self, ada, log_in, hashed):
        users = get_user_model().objects
        users.create_user("gone", password=PASSWORD, is_active=False)
        users.create_user("machine")
        answers, work = set(), set()
        for name, password in [
            ("ada", "wrong"),
            ("nobody", PASSWORD),
            ("gone", PASSWORD),
            ("gone", "wrong"),
            ("machine", PASSWORD),
            ("a\0a", PASSWORD),
            ("ada", "\ud800"),
        ]:
            hashed.clear()
            answer = log_in(name, password)
            answers.add((answer.status_code, answer.content, str(sorted(answer.headers.items()))))
            work.add(len(hashed))
        assert len(answers) == 1
        assert work == {1}

    def test_is_401_with_the_scheme_and_a_code(self, ada, log_in):
        answer = log_in(password="wrong")
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
        assert answer.headers["WWW-Authenticate"] == "Token"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert not AuthToken.objects.exists()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("username", 1),
            ("username", None),
            ("username", ["ada"]),
            ("username", "a" * 151),
            ("password", 12345678),
            ("password", True),
            ("password", {"$ne": ""}),
            ("password", "x" * 4097),
            ("expires", "never"),
        ],
    )
    def test_of_what_is_no_name_or_password_names_the_field(self, ada, log_in, field, value):
        answer = log_in(**{field: value})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert answer.json()["errors"].keys() == {field}

    @pytest.mark.parametrize("body", [[], "ada", 1, None, {}])
    def test_of_what_is_no_object_of_both_is_400(self, db, body):
        answer = APIClient().post("/v1/auth/token", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    @given(name=st.text(st.characters(), max_size=150), password=st.text(max_size=50))
    @settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_of_any_other_text_is_401(self, log_in, name, password):
        assert log_in(name, password).status_code == 401


class TestNumber:
    """A user has at most ``TOKEN_LIMIT_PER_USER`` tokens."""

    @pytest.fixture(autouse=True)
    def _three(self, settings):
        settings.REST_KNOX = {"TOKEN_TTL": timedelta(days=1), "TOKEN_LIMIT_PER_USER": 3}

    def test_beyond_it_those_go_that_would_expire_first(self, ada, log_in, client_of):
        _machine, endless = AuthToken.objects.create(ada, expiry=None)
        clients = [client_of() for _ in range(4)]
        assert AuthToken.objects.count() == 3
        assert [client.get("/v1/auth/me").status_code for client in clients] == [401, 401, 200, 200]
        machine = APIClient()
        machine.credentials(HTTP_AUTHORIZATION=f"Token {endless}")
        assert machine.get("/v1/auth/me").status_code == 200

    def test_other_users_keep_theirs(self, ada, log_in, client_of):
        get_user_model().objects.create_user("ben", password=PASSWORD)
        ben = client_of("ben")
        for _ in range(4):
            log_in()
        assert ben.get("/v1/auth/me").status_code == 200

    @pytest.mark.django_db(transaction=True)
    def test_log_ins_at_once_keep_to_it_together(self, ada, log_in):
        answers = at_once(*[log_in] * 8)
        assert {answer.status_code for answer in answers} == {200}
        assert AuthToken.objects.count() == 3
