"""``manage.py issue_token``: prints only the token."""

from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from knox.models import AuthToken
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


def issue(*arguments):
    out = StringIO()
    call_command("issue_token", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_a_token_that_works_and_nothing_else():
    token = issue("ada", "--create").removesuffix("\n")
    assert " " not in token
    assert "\n" not in token
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    assert client.get("/v1/users/llm-config").status_code == 200


def test_the_token_itself_is_not_stored():
    token = issue("ada", "--create").strip()
    assert token not in str(list(AuthToken.objects.values_list()))


def test_a_created_user_cannot_log_in_with_a_password():
    issue("ada", "--create")
    assert not get_user_model().objects.get(username="ada").has_usable_password()


def test_an_unknown_user_is_refused_without_create():
    with pytest.raises(CommandError, match="--create"):
        issue("ada")


def test_the_group_is_joined_and_made_with_create():
    issue("ada", "--create", "--group", "premium")
    assert get_user_model().objects.get(username="ada").groups.filter(name="premium").exists()


def test_an_unknown_group_names_those_there_are_and_changes_nothing():
    Group.objects.create(name="premium")
    issue("ada", "--create")
    with pytest.raises(CommandError, match="premium"):
        issue("ada", "--group", "gold")
    assert AuthToken.objects.count() == 1


def test_expires_limits_the_lifetime():
    issue("ada", "--create", "--expires", "90d")
    token = AuthToken.objects.get()
    assert (token.expiry - token.created).days in {89, 90}


@pytest.mark.parametrize("text", ["d", "-1d", "0d", "1y", "1.5h"])
def test_a_bad_lifetime_is_refused(text):
    with pytest.raises(CommandError, match="accepted"):
        issue("ada", "--create", f"--expires={text}")


@pytest.mark.parametrize("name", ["", "a" * 151, "not/a name"])
def test_a_bad_name_is_refused_without_a_traceback(name):
    with pytest.raises(CommandError):
        issue(name, "--create")
