"""``manage.py llm_explain`` as a person in a terminal sees it."""

import json
import unicodedata
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from llmconfig.models import Preference, Tier
from llmconfig.resolution.explain import config_explain
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT, SEED

pytestmark = pytest.mark.django_db

CONFIG = SEED + 'model_params: {"llama3.2:3b": {temperature: 0.7, context_window: 8192}}'
LONGEST = "registry.example.org:5000/team/" + "m" * 80 + ":Q4_K_M"


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(CONFIG, LLM_ALLOWED_MODELS=f"llama3.2:*,{LONGEST}")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("llm_explain", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_each_value_stands_beside_layer_and_place(ada, state):
    row = state(user=ada, max_retries=0, model="phi4", parameters={"temperature": 0})
    told = run("--user", "ada", "--task-type", INSIGHT)
    user = f"user          preference {row.pk} v1"
    assert (
        told
        == f"""\
TASK_TYPE_INSIGHT_GENERATION  ada
  model                       llama3.2:3b               task_type     llm.yaml:3
      skipped                 phi4                      {user}
        the environment does not allow the model 'phi4'
      shadowed                llama3.2:3b               system        llm.yaml:1
      shadowed                llama3.2:3b               system        built-in
  fallback_model              llama3.2:1b               system        llm.yaml:1
      shadowed                llama3.2:1b               system        built-in
  timeout_seconds             45                        task_type     llm.yaml:3
      shadowed                60                        system        llm.yaml:1
      shadowed                60                        system        built-in
  first_token_timeout_seconds none                      system        built-in
  max_retries                 0                         {user}
      shadowed                2                         task_type     llm.yaml:3
      shadowed                3                         system        llm.yaml:1
      shadowed                3                         system        built-in
  deadline_seconds            600                       system        built-in
  parameters
    temperature               0.0                       {user}
  llama3.2:3b (primary)
    temperature               0.7                       model_params  llm.yaml:6
        does not hold: parameters.temperature is stated
    context_window            8192                      model_params  llm.yaml:6
    load_timeout_seconds      300                       model_params  built-in
  llama3.2:1b (fallback)
    load_timeout_seconds      300                       model_params  built-in
    context_window            4096                      default       Ollama's default

"""
    )


def test_a_limit_of_answers_that_leaves_no_room_for_a_prompt_is_a_warning(ada, state):
    state(user=ada, parameters={"max_tokens": 8000})
    told = " ".join(run("--user", "ada", "--task-type", INSIGHT).split())
    assert (
        "warning: max_tokens 8000 leaves no room for a prompt in the context of llama3.2:3b, which"
        " has 8192 tokens (stated in llm.yaml:6); accepted: 1 to 7936"
    ) in told
    assert "the context of llama3.2:1b, which has 4096 tokens (Ollama's default)" in told


def test_every_line_fits_a_terminal_of_a_hundred_columns(ada, premium, state, settings, tmp_path):
    deep = tmp_path / ("directory-" * 10)
    deep.mkdir()
    settings.LLM_CONFIG_FILE = settings.LLM_CONFIG_FILE.rename(deep / "llm.yaml")
    ada.groups.add(premium)
    stop = ["語" * 20, "😀" * 20, "\x1b[31m\n"]
    state(group=premium, model=LONGEST, parameters={"stop": stop}, deadline_seconds=1)
    state(user=ada, model="x" * 200, fallback_model=LONGEST)
    lines = run("--user", "ada").splitlines()
    for line in lines:
        wide = sum(unicodedata.east_asian_width(c) in "WF" for c in line)
        assert len(line) + wide <= 100, line
        assert line.isprintable()
    assert any("…" in line and line.endswith("/llm.yaml:1") for line in lines)


def test_without_a_user_it_tells_what_everyone_gets(ada, state):
    state(user=ada, max_retries=9)
    told = run("--task-type", INSIGHT)
    assert told.startswith("TASK_TYPE_INSIGHT_GENERATION  everyone\n")
    assert "preference" not in told


def test_without_a_task_type_it_tells_all_of_them():
    titles = [line.split()[0] for line in run().splitlines() if line.startswith("TASK_TYPE")]
    assert titles == ALL_TYPES


def test_a_user_is_found_by_name_before_id(ada, django_user_model):
    named = django_user_model.objects.create_user(str(ada.pk))
    Preference.objects.create(user=named, max_retries=9, version=1)
    told = json.loads(run("--user", str(ada.pk), "--task-type", INSIGHT, "--json"))
    assert told["max_retries"] == 9
    told = json.loads(run("--user", str(named.pk), "--task-type", INSIGHT, "--json"))
    assert told["max_retries"] == 9


def test_as_json_it_is_the_wire_form(ada):
    told = json.loads(run("--user", "ada", "--task-type", INSIGHT, "--json"))
    assert told == config_explain(user_id=ada.pk, task_type=INSIGHT).to_wire()
    assert sorted(json.loads(run("--json"))) == ALL_TYPES


def test_where_nothing_is_allowed_it_says_so_and_why(ada, premium):
    ada.groups.add(premium)
    Tier.objects.update(allowed_models=["llama3.2:70b"])
    told = run("--user", "ada", "--task-type", INSIGHT)
    assert "\n  No configured model is allowed here.\n  model                       none " in told
    assert "no tier of the user allows the model 'llama3.2:3b'" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--user", "bob"), "There is no user 'bob'; give a name or an id."),
        (("--user", ""), "There is no user ''; give a name or an id."),
        (("--user", "9" * 30), "There is no user '9999"),
        (("--user", "a\x1b[31m"), "There is no user 'a\\x1b[31m'"),
        (("--user", "\udcff"), "There is no user '\\udcff'"),
        (("--task-type", "X"), "The task type 'X' is unknown; accepted: TASK_TYPE_DATA_ANALYSIS"),
    ],
)
def test_a_mistake_is_one_line(arguments, told):
    with pytest.raises(CommandError) as error:
        run(*arguments)
    assert str(error.value).startswith(told)
    assert "\n" not in str(error.value)
    assert error.value.returncode == 1
