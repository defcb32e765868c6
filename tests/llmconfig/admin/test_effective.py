"""The page of the effective configuration."""

import re

import pytest

from llmconfig.models import Preference, Tier
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT, REPORT, SEED

PAGE = "/admin/llmconfig/preference/effective/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED, LLM_ALLOWED_MODELS="llama3.*,qwen3", LLM_MAX_RETRIES="7")


def text_of(answer) -> str:
    """The page's text, one space between words."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_without_a_choice_it_shows_what_everyone_gets_for_every_type(staff):
    answer = staff.get(PAGE)
    assert [page.task_type for page in answer.context["pages"]] == ALL_TYPES
    assert "What everyone gets" in text_of(answer)


def test_each_value_tells_its_layer_its_place_and_what_it_was_chosen_over(
    staff, ada, premium, state
):
    ada.groups.add(premium)
    row = state(group=premium, task_type=INSIGHT, model="qwen3", timeout_seconds=90)
    answer = staff.get(PAGE, {"user": ada.pk, "task_type": INSIGHT})
    page = text_of(answer)
    assert "What ada gets" in page
    assert f"Model qwen3 tier {row.place} llama3.2:3b task type llm.yaml:3" in page
    assert "Retries 2 task type llm.yaml:3 7 system LLM_MAX_RETRIES" in page
    assert f"Timeout 90 s tier {row.place}" in page
    assert f'href="/admin/llmconfig/preference/{row.pk}/change/"' in answer.content.decode()


def test_what_is_skipped_or_lowered_says_why(staff, ada, premium, state):
    ada.groups.add(premium)
    Tier.objects.filter(group=premium).update(allowed_models=["llama3.*"])
    state(user=ada, model="qwen3", fallback_model="phi4", timeout_seconds=90, deadline_seconds=30)
    page = text_of(staff.get(PAGE, {"user": ada.pk, "task_type": REPORT}))
    assert "skipped no tier of the user allows the model &#x27;qwen3&#x27;" in page
    assert "skipped the environment does not allow the model &#x27;phi4&#x27;" in page
    assert "30 s lowered from 90 s to the deadline" in page


def test_where_no_model_is_allowed_the_page_says_so(staff, ada, premium):
    ada.groups.add(premium)
    Tier.objects.filter(group=premium).update(allowed_models=["nothing"])
    page = text_of(staff.get(PAGE, {"user": ada.pk}))
    assert "No configured model is allowed here. A run would be refused." in page


@pytest.mark.parametrize("query", [{"user": "x"}, {"user": "999"}, {"task_type": "x"}])
def test_what_does_not_exist_is_said_beside_the_field(query, staff):
    answer = staff.get(PAGE, query)
    assert (answer.status_code, answer.context["pages"]) == (200, [])
    assert list(answer.context["form"].errors) == list(query)


def test_it_is_for_those_who_may_see_preferences(client, ada, django_user_model, permit):
    person = django_user_model.objects.create_user("rita", is_staff=True)
    client.force_login(person)
    assert client.get(PAGE).status_code == 403
    permit(person, "view_preference")
    assert client.get(PAGE, {"user": ada.pk}).status_code == 200


def test_names_are_escaped(staff, django_user_model, state):
    user = django_user_model.objects.create_user("<script>alert(1)</script>")
    state(user=user, parameters={"stop": ["<script>alert(1)</script>"]})
    assert "<script>alert(1)" not in staff.get(PAGE, {"user": user.pk}).content.decode()


def test_it_writes_nothing(staff, ada, state):
    state(user=ada, max_retries=1)
    before = list(Preference.objects.values())
    staff.get(PAGE, {"user": ada.pk})
    assert list(Preference.objects.values()) == before


def test_each_models_window_is_shown_and_an_answer_that_fills_it_is_a_warning(staff, ada, state):
    state(user=ada, parameters={"max_tokens": 4000})
    page = text_of(staff.get(PAGE, {"user": ada.pk, "task_type": INSIGHT}))
    assert "Context window 4096 model server Ollama&#x27;s default" in page
    assert (
        "max_tokens 4000 leaves no room for a prompt in the context of llama3.2:3b, which has 4096"
        " tokens (Ollama&#x27;s default); accepted: 1 to 3840"
    ) in page
