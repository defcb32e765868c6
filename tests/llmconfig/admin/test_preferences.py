import re

import pytest
from django.test import Client

from llmconfig.models import Preference
from llmconfig.values.parameters import PARAMETERS
from tests.llmconfig.conftest import INSIGHT, SEED

LIST = "/admin/llmconfig/preference/"
ADD = f"{LIST}add/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED, LLM_ALLOWED_MODELS="llama3.*,qwen3")


def change(row) -> str:
    return f"{LIST}{row.pk}/change/"


def form_errors(answer) -> dict[str, list[str]]:
    assert answer.status_code == 200, "the form was accepted"
    return answer.context["adminform"].form.errors


def test_the_list_shows_whom_a_row_is_for(staff, ada, premium, state):
    state()
    state(task_type=INSIGHT)
    state(group=premium, task_type=INSIGHT)
    state(user=ada, fallback_model="")
    state(task_type="TASK_TYPE_GONE")
    page = staff.get(LIST).content.decode()
    for scope in (
        "everyone",
        "Insight generation",
        "tier premium · Insight generation",
        "user ada",
        "Gone (not registered, ignored)",
    ):
        assert f">{scope}</a>" in page


def test_a_new_row_is_stored_with_version_and_author(staff, ada):
    answer = staff.post(ADD, {"user": ada.pk, "model": "qwen3", "seed": "1"})
    assert answer.status_code == 302
    row = Preference.objects.get()
    assert row.stated() == {"model": "qwen3", "parameters": {"seed": 1}}
    assert (row.user, row.task_type, row.version) == (ada, None, 1)
    assert row.updated_by.get_username() == "root"


def test_empty_fields_inherit(staff, state):
    row = state(model="qwen3", fallback_model="llama3.2:1b", max_retries=0, task_type=INSIGHT)
    answer = staff.post(change(row), {"opened_version": 1})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.stated(), row.version) == ({}, 2)
    assert row.fallback_model is None


def test_no_fallback_is_a_statement_of_its_own(staff, state):
    row = state()
    staff.post(change(row), {"no_fallback": "on", "opened_version": 1})
    row.refresh_from_db()
    assert row.fallback_model == ""
    page = staff.get(change(row)).content.decode()
    assert re.search(r'<input[^>]*name="no_fallback"[^>]*checked', page)


def test_zero_is_kept(staff, state):
    row = state()
    staff.post(change(row), {"max_retries": "0", "temperature": "0", "opened_version": 1})
    row.refresh_from_db()
    assert row.stated() == {"max_retries": 0, "parameters": {"temperature": 0}}


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"model": "phi4"}, "model", "The model phi4 is not allowed here."),
        ({"fallback_model": "phi4"}, "fallback_model", "The model phi4 is not allowed here."),
        ({"model": "a b"}, "model", "accepted: a model's name such as llama3.2:3b"),
        (
            {"model": "qwen3", "fallback_model": "qwen3:latest"},
            "fallback_model",
            "The fallback model is the same as the model.",
        ),
        (
            {"fallback_model": "qwen3", "no_fallback": "on"},
            "no_fallback",
            "Name a fallback model or state none, not both.",
        ),
        ({"timeout_seconds": "301"}, "timeout_seconds", "accepted: 1 to 300 seconds"),
        ({"max_retries": "11"}, "max_retries", "accepted: a whole number from 0 to 10"),
        ({"timeout_seconds": "soon"}, "timeout_seconds", "written as 60, 60s or 2m"),
        ({"temperature": "3"}, "temperature", "accepted: a number from 0 to 2"),
        ({"temperature": "nan"}, "temperature", "accepted: a number from 0 to 2"),
        ({"seed": "-1"}, "seed", "accepted: a whole number from 0"),
        ({"stop": "1\n2\n3\n4\n5"}, "stop", "at most 4 texts"),
        ({"task_type": "TASK_TYPE_POEM"}, "task_type", "Select a valid choice."),
    ],
)
def test_a_mistake_stands_beside_its_field(fields, field, told, staff):
    errors = form_errors(staff.post(ADD, fields))
    assert list(errors) == [field]
    assert told in errors[field][0]
    assert not Preference.objects.exists()


def test_user_and_tier_together_are_refused(staff, ada, premium):
    errors = form_errors(staff.post(ADD, {"user": ada.pk, "group": premium.pk}))
    assert errors["__all__"] == ["A preference is for a user or for a tier, not for both."]


def test_a_second_row_for_a_scope_is_refused(staff, state):
    state(task_type=INSIGHT)
    errors = form_errors(staff.post(ADD, {"task_type": INSIGHT}))
    assert errors["__all__"] == ["There is a preference for this scope already."]


def test_a_row_of_a_type_that_is_gone_stays_editable(staff, state):
    row = state(task_type="TASK_TYPE_GONE")
    assert "Gone (not registered, ignored)" in staff.get(change(row)).content.decode()
    assert staff.post(change(row), {"max_retries": 1, "opened_version": 1}).status_code == 302


def test_a_row_keeps_its_scope(staff, ada, state):
    row = state()
    staff.post(change(row), {"user": ada.pk, "task_type": INSIGHT, "opened_version": 1})
    row.refresh_from_db()
    assert (row.user, row.task_type) == (None, None)


@pytest.mark.parametrize(
    ("written", "stored"), [("90", 90), ("60s", 60), ("2m", 120), (" 1m30s ", 90)]
)
def test_durations_are_written_with_units_or_without(written, stored, staff):
    staff.post(ADD, {"timeout_seconds": written})
    assert Preference.objects.get().timeout_seconds == stored


def test_every_parameter_has_a_field_and_stop_texts_stand_one_on_a_line(staff):
    written = {
        "temperature": "0,5", "top_p": "0.9", "top_k": "40", "min_p": "0.1", "max_tokens": "400",
        "seed": "7", "stop": "END\r\n\\n\\n\r\na \\\\ b", "repeat_penalty": "1.1",
        "presence_penalty": "-1", "frequency_penalty": "0", "think": "false",
    }  # fmt: skip
    assert written.keys() == PARAMETERS.keys()
    assert staff.post(ADD, written).status_code == 302
    row = Preference.objects.get()
    assert row.parameters == {
        "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.1, "max_tokens": 400, "seed": 7,
        "stop": ["END", "\n\n", "a \\ b"], "repeat_penalty": 1.1, "presence_penalty": -1.0,
        "frequency_penalty": 0.0, "think": False,
    }  # fmt: skip
    form = staff.get(change(row)).context["adminform"].form
    shown = {name: form[name].value() for name in written}
    assert staff.post(change(row), {**shown, "opened_version": 1}).status_code == 302
    row.refresh_from_db()
    assert row.parameters["stop"] == ["END", "\n\n", "a \\ b"]
    assert row.parameters["think"] is False


def test_a_model_that_no_worker_has_is_stored_with_a_warning(staff, monkeypatch):
    monkeypatch.setattr("llmconfig.resolution.known_models._providers", [lambda: ["qwen3:latest"]])
    told = staff.post(ADD, {"model": "llama3.2:9b", "fallback_model": "qwen3"}, follow=True)
    assert next(str(each) for each in told.context["messages"]) == (
        "Saved, but no worker has the model llama3.2:9b."
    )
    assert Preference.objects.get().model == "llama3.2:9b"


def test_where_models_must_be_present_the_form_refuses_another_one(staff, monkeypatch, settings):
    settings.LLM_REQUIRE_PRESENT_MODELS = True
    monkeypatch.setattr("llmconfig.resolution.known_models._providers", [lambda: ["qwen3:latest"]])
    form = staff.post(ADD, {"model": "llama3.2:9b"}).context["adminform"].form
    assert form.errors == {"model": ["No live worker has the model llama3.2:9b."]}
    assert not Preference.objects.exists()


def test_known_models_are_offered(staff, monkeypatch):
    monkeypatch.setattr("llmconfig.resolution.known_models._providers", [lambda: ["qwen3:8b"]])
    page = staff.get(ADD).content.decode()
    assert '<datalist id="id_model_known"><option value="qwen3:8b"></datalist>' in page
    assert 'list="id_model_known"' in page


def test_who_may_only_look_sees_everything_that_the_row_states(
    client, state, permit, django_user_model
):
    row = state(model="qwen3", fallback_model="", parameters={"temperature": 0.5})
    reader = permit(django_user_model.objects.create_user("rita", is_staff=True), "view_preference")
    client.force_login(reader)
    page = client.get(change(row)).content.decode()
    told = dict(re.findall(r'<th scope="row">(.*?)</th><td data-label="States">(.*?)</td>', page))
    assert told["Model"] == "qwen3"
    assert told["Fallback model"] == "no fallback"
    assert told["temperature"] == "0.5"
    assert told["Timeout"] == "–"
    assert {*PARAMETERS} <= told.keys()


def test_nobody_but_staff_gets_in(ada):
    client = Client()
    client.force_login(ada)
    assert client.get(LIST).status_code == 302
