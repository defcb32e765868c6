"""Who calls: by token, or in the browser by a session that proves its changes by CSRF."""

import pytest
from django.contrib.auth import get_user_model
from rest_framework.test import APIClient

from llmconfig.models import Tier
from tests.config.api.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
ME = "/v1/auth/me"
CONFIG = "/v1/users/llm-config"


@pytest.mark.parametrize(
    "header",
    ["", "Token", "Token x", "Token x y", "Token a\0b", "Token \xff", "Token " + "f" * 10_000],
)
def test_what_is_no_valid_token_is_401(header):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    answer = client.get(ME)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_token_of_a_user_who_is_not_active_any_more_is_401(ada, client_of):
    client = client_of()
    ada.is_active = False
    ada.save()
    assert client.get(ME).status_code == 401


def test_knowing_who_has_a_token_takes_one_query(ada, client_of, django_assert_num_queries):
    client = client_of()
    with django_assert_num_queries(2):
        client.get(ME)


def test_a_bad_token_is_refused_in_a_good_session_too(browser):
    assert browser.get(ME).status_code == 200
    browser.credentials(HTTP_AUTHORIZATION="Token wrong")
    assert browser.get(ME).status_code == 401


class TestSession:
    @pytest.mark.parametrize("address", [ME, "/v1/status", "/reports/"])
    def test_of_a_cookie_that_no_database_holds_is_nobodys(self, client, address):
        client.cookies.load('sessionid="abcdefgh\\000"')
        answer = client.get(address)
        assert answer.status_code == {ME: 401, "/v1/status": 200, "/reports/": 302}[address]

    def test_reads_without_more(self, browser):
        assert browser.get(CONFIG).status_code == 200

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_changes_nothing_without_the_csrf_token(self, browser, method):
        answer = getattr(browser, method)(CONFIG, {})
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
        assert answer.headers["Content-Type"] == "application/problem+json"

    def test_changes_with_it(self, browser):
        browser.cookies["csrftoken"] = "a" * 32
        answer = browser.patch(CONFIG, {"timeout_seconds": 30}, HTTP_X_CSRFTOKEN="a" * 32)
        assert answer.status_code == 200

    def test_a_token_needs_none(self, ada, client_of):
        assert client_of(enforce_csrf_checks=True).patch(CONFIG, {}).status_code == 200


class TestMe:
    def test_tells_who_i_am_and_nothing_secret(self, ada, client_of, premium):
        standard = type(premium).objects.create(name="standard")
        Tier.objects.create(group=standard, rank=10)
        ada.groups.add(premium, standard, type(premium).objects.create(name="chess club"))
        me = client_of().get(ME)
        told = me.json()
        assert told.pop("token_expires_at")
        assert told == {
            "id": str(ada.pk),
            "username": "ada",
            "is_staff": False,
            "tiers": ["standard", "premium"],
        }
        assert me.headers["Cache-Control"] == "no-store"

    def test_in_a_session_no_token_expires(self, browser):
        assert browser.get(ME).json()["token_expires_at"] is None


class TestLogOut:
    def test_revokes_the_token_used_and_no_other(self, ada, client_of):
        one, other = client_of(), client_of()
        assert one.delete("/v1/auth/token").status_code == 204
        assert one.get(ME).status_code == 401
        assert other.get(ME).status_code == 200

    def test_ends_the_session(self, browser):
        browser.cookies["csrftoken"] = "a" * 32
        answer = browser.delete("/v1/auth/token", HTTP_X_CSRFTOKEN="a" * 32)
        assert answer.status_code == 204
        assert browser.get(ME).status_code == 401

    def test_everywhere_revokes_all_tokens_of_the_user_alone(self, ada, client_of):
        get_user_model().objects.create_user("ben", password=PASSWORD)
        one, other, bens = client_of(), client_of(), client_of("ben")
        assert one.delete("/v1/auth/tokens").status_code == 204
        assert [client.get(ME).status_code for client in (one, other, bens)] == [401, 401, 200]

    def test_everywhere_from_a_browser_ends_its_session_too(self, ada, browser, client_of):
        client = client_of()
        browser.cookies["csrftoken"] = "a" * 32
        browser.delete("/v1/auth/tokens", HTTP_X_CSRFTOKEN="a" * 32)
        assert (browser.get(ME).status_code, client.get(ME).status_code) == (401, 401)

    @pytest.mark.parametrize("address", ["/v1/auth/token", "/v1/auth/tokens"])
    def test_needs_to_be_logged_in(self, db, address):
        assert APIClient().delete(address).status_code == 401
