"""Who may read and write whose preferences."""

import pytest

from llmconfig.models import Preference
from tests.llmconfig.api.scopes import SHARED, client, permit

pytestmark = pytest.mark.django_db

WRITES = ("put", "patch", "delete")
METHODS = ("get", *WRITES)


def asked(api, method, url):
    answer = getattr(api, method)(url, {})
    return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize("method", METHODS)
def test_another_user_s_document_does_not_exist_for_who_is_not_staff(method, world):
    api = client(world.ada)
    assert asked(api, method, world.url("user")) == (404, "not_found")
    unknown = api.get("/v1/users/999999/llm-config").json()
    assert api.get(world.url("user")).json() == unknown


@pytest.mark.parametrize("scope", SHARED)
@pytest.mark.parametrize("method", METHODS)
def test_shared_documents_are_not_for_who_is_not_staff(method, scope, world):
    assert asked(client(world.ada), method, world.url(scope)) == (403, "permission_denied")


@pytest.mark.parametrize("address", ["tiers/gold", "task-types/TASK_TYPE_POEM"])
def test_who_is_not_staff_does_not_learn_which_there_are(address, world):
    assert asked(client(world.ada), "get", f"/v1/{address}/llm-config")[0] == 403


@pytest.mark.parametrize("method", METHODS)
def test_everybody_may_call_their_own_document_by_their_number(method, world):
    api = client(world.bob)
    assert asked(api, method, world.url("user")) == (200, None)
    api.put(world.url("user"), {"max_retries": 3})
    assert api.get("/v1/users/llm-config").json() == api.get(world.url("user")).json()


@pytest.mark.parametrize("scope", ["user", *SHARED])
@pytest.mark.parametrize(
    ("actions", "allowed"),
    [
        ((), ()),
        (("view",), ()),
        (("add", "change"), ()),
        (("change", "delete"), ("delete",)),
        (("delete",), ("delete",)),
        (("add", "change", "delete"), WRITES),
    ],
)
def test_staff_read_all_and_write_what_the_admin_lets_them(scope, actions, allowed, world):
    permit(world.ada, *actions)
    api = client(world.ada)
    assert asked(api, "get", world.url(scope)) == (200, None)
    for method in WRITES:
        wanted = (200, None) if method in allowed else (403, "permission_denied")
        assert asked(api, method, world.url(scope)) == wanted
    assert not Preference.objects.exists()


def test_staff_need_no_permission_for_their_own(world):
    permit(world.ada)
    assert asked(client(world.ada), "put", world.url("own")) == (200, None)


@pytest.mark.parametrize("scope", ["own", "user", *SHARED])
@pytest.mark.parametrize("method", METHODS)
def test_without_a_token_there_is_no_answer(method, scope, world):
    world.ada.auth_token_set.all().delete()
    api = client(world.ada)
    api.credentials(HTTP_AUTHORIZATION="Token wrong")
    assert asked(api, method, world.url(scope))[0] == 401


def test_refusals_say_what_is_missing(world):
    api = client(world.ada)
    assert api.get("/v1/system/llm-config").json()["detail"] == "This is for staff."
    permit(world.ada)
    told = client(world.ada).delete("/v1/system/llm-config").json()["detail"]
    assert told == "This takes the permissions llmconfig.delete_preference."
    told = api.get("/v1/task-types/TASK_TYPE_POEM/llm-config").json()["detail"]
    assert "TASK_TYPE_WEEKLY_REPORT" in told
