"""All spellings of a model's name are one model, wherever names are compared."""

import uuid

import pytest
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from llmconfig.layers.document import document_read
from llmconfig.layers.located import Report
from llmconfig.layers.static import static_read
from llmconfig.layers.yaml_text import yaml_parse
from llmconfig.models import Preference
from llmconfig.resolution.stated_models import StatedModel
from llmconfig.values.model_grammar import is_name
from llmconfig.values.model_names import Policy, normalise_model
from llmconfig.values.types import ResolvedConfig
from tests.llmconfig.spellings import NAMES, spellings
from workers.execution.candidates import models_of
from workers.execution.runner import run_deliver
from workers.gates.breakers import breaker_record, breakers_of, probe_take
from workers.gates.pauses import pause_add, pauses_of
from workers.gates.verdicts import Verdict
from workers.metrics import labels
from workers.models import Breaker, TaskRun
from workers.process.doctor.examination import examine
from workers.process.doctor.facts import Facts
from workers.process.doctor.gathering import server_of
from workers.process.registry.catalogue import models_listed
from workers.process.registry.nodes import node_register
from workers.process.registry.survey import HostReport
from workers.runs.selectors import runs_narrowed
from workers.submission.enqueue import enqueue
from workers.testing.ollama_http import names

HOST = "http://gpu:11434"
TEXT = "TASK_TYPE_TEXT_GENERATION"
SPELLINGS = [
    "qwen3:8b",
    "Qwen3:8B",
    "library/qwen3:8b",
    "registry.ollama.ai/library/qwen3:8b",
    "https://registry.ollama.ai/library/qwen3:8b",
]
each_spelling = pytest.mark.parametrize("spelling", SPELLINGS)
#: Two spellings of one model.
TWO = NAMES.flatmap(lambda name: st.tuples(spellings(name), spellings(name)))


#: Ollama takes anything for a scheme; we take letters.
TEXTS = st.text(alphabet="aA1_.-:/ é", max_size=14).filter(lambda text: "://" not in text)


@given(TEXTS | NAMES.flatmap(spellings))
def test_names_are_those_that_the_model_server_parses_and_have_its_keys(text):
    """Its parser is written part by part, as Ollama's is."""
    assert is_name(text) is (names.parse(text) is not None)
    if is_name(text):
        assert normalise_model(text) == names.key(text)


@given(TWO)
def test_an_allow_list_allows_every_spelling_of_what_it_names(two):
    stated, used = two
    assert Policy((stated,)).allows(used)
    assert Policy(("other",)).narrowed([(stated,)]).refusal(used) == "not_allowed"


@given(TWO)
def test_a_fallback_that_is_the_model_in_another_spelling_is_none(two):
    model, fallback = two
    config = ResolvedConfig(
        model=model,
        fallback_model=fallback,
        timeout_seconds=60,
        first_token_timeout_seconds=None,
        max_retries=3,
        deadline_seconds=600,
    )
    assert models_of(config) == [model]


@given(TWO)
def test_parameters_of_a_model_hold_for_every_spelling(two):
    stated, used = two
    report = Report()
    text = f'model_params: {{"{stated}": {{context_window: 512}}}}'
    static = static_read(yaml_parse(text.encode(), "f", report), {}, (), report)
    assert static.reload_options(used)["context_window"] == 512


@given(TWO)
def test_a_model_stands_once_among_the_parameters_of_models(two):
    report = Report()
    text = f'model_params:\n  "{two[0]}": {{}}\n  ? "{two[1]}"\n  : {{}}'
    document_read(yaml_parse(text.encode(), "f", report), report, ())
    assert report.problems


@given(TWO)
def test_the_doctor_finds_an_installed_model_by_every_spelling(two):
    stated, installed = two
    uses = StatedModel(model=stated, field="model", layer="system")
    server = server_of(HostReport(host=HOST, models=({"name": installed},)))
    assert examine(Facts(stated=(uses,), servers=(server,))) == []


@given(TWO)
def test_metrics_have_one_label_for_all_spellings(two):
    before = set(labels._models)
    labels._models.clear()
    try:
        labels.know(two[:1])
        assert labels.model_label(two[1]) == labels.model_label(two[0]) != labels.OTHER
    finally:
        labels._models.clear()
        labels._models.update(before)


@each_spelling
@pytest.mark.django_db
def test_a_pause_holds_for_every_spelling(spelling):
    pause_add(kind="model", name=spelling, reason="why", by=None)
    for other in SPELLINGS:
        assert pauses_of("llm.text_generation", [other]).models == {"qwen3:8b": "why"}


@each_spelling
@pytest.mark.django_db
def test_a_breaker_counts_the_failures_of_every_spelling(spelling):
    for other in SPELLINGS[:3]:
        breaker_record(HOST, other, uuid.uuid4(), Verdict.FAILED, "HTTP 503")
    assert breakers_of(HOST, [spelling])[spelling].is_blocked
    Breaker.objects.update(open_until=F("changed_at"))
    assert probe_take(HOST, spelling, uuid.uuid4(), 60.0)


@each_spelling
@pytest.mark.django_db
def test_a_list_has_a_model_once(spelling, config_file, person):
    config_file(f"default: {{model: '{spelling}', fallback_model: ''}}")
    for name, other in enumerate(SPELLINGS):
        told = {"size": 1, "context_length": 1, "capabilities": ["completion"], "loaded": True}
        node_register(
            name=f"text@{name}",
            instance=uuid.uuid4(),
            queues=["llm.text_generation"],
            known_models=[{"name": other, **told}],
        )
    listed = models_listed(user_id=person.pk, with_places=True)
    found = next(each for each in listed if each.name == "qwen3:8b")
    assert (found.available, len(found.holdings)) == (True, len(SPELLINGS))
    assert not [each for each in listed if each.name in SPELLINGS[1:]]


@each_spelling
def test_runs_are_found_by_every_spelling(spelling, person):
    for other in SPELLINGS:
        TaskRun.objects.create(
            task_type=TEXT, queue="q", payload={}, llm_config={}, model_used=other,
            deadline="2030-01-01T00:00Z",
        )  # fmt: skip
    assert runs_narrowed(TaskRun.objects.all(), {"model": spelling}).count() == len(SPELLINGS)


@each_spelling
def test_a_model_that_is_loaded_is_not_loaded_again_for_another_spelling(
    spelling, transactional_db, broker, ollama, person
):
    ollama.load("qwen3:8b")
    Preference.objects.create(version=1, user=person, model=spelling)
    run = enqueue(task_type=TEXT, payload={"prompt": "Hi"}, user_id=person.pk)
    run_deliver(run.pk)
    run.refresh_from_db()
    assert (run.status, run.model_used) == ("succeeded", spelling)
    assert ollama.requests("/api/generate") == []
