"""Beside each field stands what an empty one inherits."""

import re

import pytest

from tests.llmconfig.conftest import INSIGHT, REPORT, SEED

ROOT = "/admin/llmconfig/preference/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED, LLM_ALLOWED_MODELS="llama3.*,qwen3")


def hints(answer) -> dict[str, str]:
    """The page's hints by field, as text."""
    found = re.findall(
        r'<span class="lc-inherits" data-hint="(\w+)">(.*?)</span></span>\s*</div>',
        answer.content.decode(),
        re.DOTALL,
    )
    return {name: " ".join(re.sub(r"<[^>]+>", " ", told).split()) for name, told in found}


def test_each_field_tells_value_layer_and_place(staff, ada, premium, state):
    ada.groups.add(premium)
    of_tier = state(group=premium, max_retries=7, parameters={"temperature": 0.5})
    row = state(user=ada, task_type=INSIGHT, max_retries=0)
    answer = staff.get(f"{ROOT}{row.pk}/change/")
    told = hints(answer)
    assert told["max_retries"] == f"If empty: 7 tier {of_tier.place}"
    assert told["temperature"] == f"If empty: 0.5 tier {of_tier.place}"
    assert told["timeout_seconds"] == "If empty: 45 s task type llm.yaml:3"
    assert told["first_token_timeout_seconds"] == "If empty: no limit system built-in"
    assert told["top_p"] == "If empty: the model’s own default"
    page = answer.content.decode()
    assert f'<a href="{ROOT}{of_tier.pk}/change/">{of_tier.place}</a>' in page
    assert 'placeholder="45 s"' in page


def test_a_row_for_all_types_tells_which_types_differ(staff, ada, state):
    row = state(user=ada)
    told = hints(staff.get(f"{ROOT}{row.pk}/change/"))["max_retries"]
    assert "If empty: 3 system llm.yaml:1" in told
    assert "Insight generation: 2 task type llm.yaml:3" in told


def test_the_hints_are_there_when_the_form_comes_back_with_an_error(staff):
    answer = staff.post(f"{ROOT}add/", {"task_type": REPORT, "max_retries": "x"})
    assert hints(answer)["timeout_seconds"] == "If empty: 2 min task type llm.yaml:4"


def test_a_new_row_gets_the_hints_of_the_scope_that_is_picked(staff, ada, premium, state):
    of_tier = state(group=premium, max_retries=7)
    ada.groups.add(premium)
    told = staff.get(f"{ROOT}hints/", {"user": ada.pk, "group": "", "task_type": INSIGHT}).json()
    assert told["max_retries"]["placeholder"] == "7"
    assert of_tier.place in told["max_retries"]["hint"]
    assert told["timeout_seconds"]["placeholder"] == "45 s"


@pytest.mark.parametrize(
    "query", [{"user": "x"}, {"group": "99999"}, {"user": "99999"}, {"task_type": "x"}]
)
def test_a_scope_that_does_not_exist_gets_some_answer(query, staff):
    assert staff.get(f"{ROOT}hints/", query).status_code == 200


def test_hints_are_for_those_who_may_see_preferences(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("otto", is_staff=True))
    assert client.get(f"{ROOT}hints/").status_code == 403


def test_a_row_of_a_type_that_is_gone_has_a_form_too(staff, state):
    row = state(task_type="TASK_TYPE_GONE")
    assert staff.get(f"{ROOT}{row.pk}/change/").status_code == 200
