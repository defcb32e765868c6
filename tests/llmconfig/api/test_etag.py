"""The entity tag of one's preferences: what changes it, and whom it stops."""

from itertools import combinations

import pytest
from django.db.models.signals import post_save

from llmconfig.models import Preference, Tier
from llmconfig.store.services import preference_save, tier_save
from llmconfig.values.errors import EditConflict
from tests.llmconfig.conftest import INSIGHT, SEED
from tests.llmconfig.history.threads import Work, at_once, held, wait_until_blocked

URL = "/v1/users/llm-config"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED, LLM_ALLOWED_MODELS="llama3.*,qwen3")


def save(**fields):
    return preference_save(preference=Preference(**fields), by=None)


def test_the_tag_changes_when_the_answer_does_and_only_then(api, ada, premium, configure):
    ada.groups.add(premium)
    bob = type(ada).objects.create_user("bob")
    own = save(user=ada, max_retries=1)
    tier = Tier.objects.get()
    tier.allowed_models = ["qwen3"]

    def other_list():
        tier_save(tier=tier, by=None)

    def own_again():
        own.max_retries = 2
        preference_save(preference=own, by=None)

    changes = [
        lambda: None,
        lambda: save(user=bob, max_retries=9),
        lambda: save(group=premium, timeout_seconds=9),
        lambda: save(task_type=INSIGHT, deadline_seconds=9),
        lambda: api.put(URL, {"max_retries": 1}),
        lambda: api.patch(URL, {}),
        own_again,
        other_list,
        lambda: api.delete(URL),
        lambda: api.delete(URL),
        lambda: configure(SEED.replace("45s", "46s")),
    ]
    answers = []
    for change in changes:
        change()
        answer = api.get(URL)
        answers.append((answer.headers["ETag"], answer.json()))
    same = [one[0] == two[0] for one, two in combinations(answers, 2)]
    assert same == [one[1] == two[1] for one, two in combinations(answers, 2)]
    assert {True, False} == set(same)


@pytest.mark.django_db(transaction=True)
def test_an_edit_waits_for_the_admin_s_save_and_is_told(api, ada):
    row = save(user=ada, max_retries=1)
    etag = api.get(URL).headers["ETag"]
    row.max_retries = 2
    with held(post_save, Preference) as reached:
        saving = Work(lambda: preference_save(preference=row, by=None, expected_version=1))
        reached()
        putting = Work(lambda: api.put(URL, {"max_retries": 9}, headers={"If-Match": etag}))
        wait_until_blocked()
    assert saving.result.version == 2
    assert (putting.result.status_code, putting.result.json()["code"]) == (
        412,
        "precondition_failed",
    )
    assert Preference.objects.get().max_retries == 2


@pytest.mark.django_db(transaction=True)
def test_an_edit_waits_for_a_row_that_the_admin_makes_and_is_told(api, ada):
    etag = api.get(URL).headers["ETag"]
    with held(post_save, Preference) as reached:
        saving = Work(lambda: save(user=ada, task_type=INSIGHT, max_retries=2))
        reached()
        putting = Work(lambda: api.put(URL, {"max_retries": 9}, headers={"If-Match": etag}))
        wait_until_blocked()
    assert saving.result.version == 1
    assert putting.result.status_code == 412
    assert Preference.objects.get().max_retries == 2


@pytest.mark.django_db(transaction=True)
def test_the_admin_s_save_waits_for_an_edit_and_is_told(api, ada):
    row = save(user=ada, max_retries=1)
    etag = api.get(URL).headers["ETag"]
    with held(post_save, Preference) as reached:
        putting = Work(lambda: api.put(URL, {"max_retries": 9}, headers={"If-Match": etag}))
        reached()
        saving = Work(lambda: preference_save(preference=row, by=None, expected_version=1))
        wait_until_blocked()
    assert putting.result.status_code == 200
    assert isinstance(saving.result, EditConflict)
    assert Preference.objects.get().max_retries == 9


@pytest.mark.django_db(transaction=True)
def test_without_if_match_edits_come_one_after_the_other(api):
    answers = at_once(*(lambda n=n: api.patch(URL, {"max_retries": n}) for n in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert Preference.objects.get().version == 4
    assert Preference.history.count() == 4
