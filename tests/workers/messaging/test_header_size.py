"""The header stays below its limit, whatever the layers state: nothing is refused at publish."""

import json

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from llmconfig.layers.static import static_config
from llmconfig.models import Preference
from llmconfig.resolution.resolver import resolve
from llmconfig.store.services import preference_save
from llmconfig.tables.models import TASK_TYPE_MAX_LENGTH
from llmconfig.values.errors import ConfigurationError, MalformedConfig
from llmconfig.values.fields import FIELDS
from llmconfig.values.kinds import Choice, Integer, Number, Refused
from llmconfig.values.model_names import Policy
from llmconfig.values.parameters import PARAMETERS
from llmconfig.values.types import Origin, ResolvedConfig, Statement
from workers.messaging.header import MAX_BYTES, config_of, header_build
from workers.submission.enqueue import enqueue

#: As long as names may be, each part and the whole.
MODELS = [f"{'h' * 36}/{'n' * 80}/{letter * 80}:1" for letter in "mn"]
STOP = PARAMETERS["stop"]
LAYERS = ["system", "task_type", "experiment", "tier", "user", "request"]


def fits(texts):
    try:
        STOP.parse(texts)
    except Refused:
        return False
    return True


#: Lists of every size up to the limit, with a fondness for it.
stops = st.one_of(
    st.just(["s" * 64] * 4),
    st.just(["😀" * 8] * 4),
    st.just(["\x01" * 64]),
    st.lists(st.text(min_size=1, max_size=64), max_size=4).filter(fits),
)


def values(kind):
    if isinstance(kind, Integer):
        return st.sampled_from([kind.minimum, kind.maximum])
    if isinstance(kind, Number):
        long = st.sampled_from([1.2345678901234567e-05, kind.minimum, kind.maximum])
        return long | st.floats(kind.minimum, kind.maximum)
    if isinstance(kind, Choice):
        return st.sampled_from(kind.choices)
    return stops


parameters = st.fixed_dictionaries(
    {}, optional={name: values(kind) for name, kind in PARAMETERS.items()}
)
all_parameters = st.fixed_dictionaries({name: values(kind) for name, kind in PARAMETERS.items()})
origins = st.builds(
    Origin,
    st.sampled_from(LAYERS),
    st.sampled_from(["preference 9223372036854775807 v2147483647", "/😀" * 90 + "/llm.yaml:131072"])
    | st.text(max_size=200),
)
anything = parameters | all_parameters


@st.composite
def decisions(draw):
    """What resolving makes of the longest names and any parameters of layers and models."""
    stated = {"model": MODELS[0], "fallback_model": MODELS[1]}
    for name, field in FIELDS.items():
        if isinstance(field.kind, Integer):
            stated[name] = field.kind.maximum
    stated |= {f"parameters.{name}": value for name, value in draw(anything).items()}
    statements = [Statement(name, value, draw(origins)) for name, value in stated.items()]
    below = Origin("model_params", "llm.yaml:1")
    of_models = {
        model: tuple(Statement(name, value, below) for name, value in draw(anything).items())
        for model in MODELS
    }
    return resolve(statements, policy=Policy(), model_params=of_models)


def built(config):
    return header_build(
        config,
        task_type="T" * TASK_TYPE_MAX_LENGTH,
        user_id="ffffffff-ffff-ffff-ffff-ffffffffffff",
        run_id="ffffffff-ffff-ffff-ffff-ffffffffffff",
        deadline="2026-11-22T17:52:00.123456+00:00",
    )


def effective(config):
    """What the two models are asked with."""
    return [
        {**config.model_parameters[role], **config.parameters} for role in ("primary", "fallback")
    ]


@settings(max_examples=200, deadline=None)
@given(decisions())
def test_whatever_layers_state_fits_and_is_read_back(config):
    header = {**built(config), "resolved_at": "delivery"}
    assert len(json.dumps(header)) < MAX_BYTES
    read = config_of(json.loads(json.dumps(header)))
    assert effective(read) == effective(config)
    assert read.config_version == config.config_version
    assert (read.model, read.fallback_model) == tuple(MODELS)


WORST = {
    name: 1.2345678901234567e-05 if isinstance(kind, Number) else getattr(kind, "maximum", 0)
    for name, kind in PARAMETERS.items()
} | {"stop": ["x" * 64, "x" * 64, "x" * 64, "é" * 30], "think": "medium"}


@pytest.mark.parametrize("stated", [WORST, {}, {**WORST, "stop": []}], ids=["all", "none", "short"])
def test_the_worst_of_all_layers_and_both_models_fits(stated):
    config = ResolvedConfig.from_wire(
        {
            "model": MODELS[0],
            "fallback_model": MODELS[1],
            "deadline_seconds": 86_400,
            "timeout_seconds": 300,
            "first_token_timeout_seconds": 300,
            "max_retries": 10,
            "parameters": stated,
            "model_parameters": {"primary": WORST, "fallback": WORST},
            "source": "experiment",
            "origins": {
                name: {"layer": "experiment", "place": "p" * 500}
                for name in (*FIELDS, *(f"parameters.{name}" for name in stated))
            },
        }
    )
    assert len(json.dumps(built(config))) < MAX_BYTES


def test_a_decision_of_ordinary_size_keeps_what_its_models_state():
    config = ResolvedConfig.from_wire(
        {
            "model": "m:1",
            "parameters": {"temperature": 0},
            "model_parameters": {"primary": {"temperature": 0.7}},
        }
    )
    assert built(config)["model_parameters"]["primary"] == {"temperature": 0.7}


def test_a_foreign_decision_that_is_too_long_is_malformed():
    origins = {f"field{n}": {"layer": "x", "place": "y"} for n in range(200)}
    config = ResolvedConfig.from_wire({"model": "m:1", "origins": origins})
    with pytest.raises(MalformedConfig, match="fewer than 4096 fit"):
        built(config)


def test_an_overlong_list_is_refused_when_it_is_saved(person):
    row = Preference(user=person, parameters={"stop": ["😀" * 64] * 4})
    with pytest.raises(ValidationError) as told:
        preference_save(preference=row, by=person)
    (message,) = told.value.message_dict["parameters"]
    assert message.startswith("stop: accepted: a list of at most 4 texts of 1 to 64 characters")
    assert message.endswith("400 bytes as JSON; this takes 3088")


def test_an_overlong_list_is_refused_when_the_file_is_read(config_file):
    config_file(f'model_params: {{"m:1": {{stop: ["{"語" * 64}", "{"語" * 64}"]}}}}')
    with pytest.raises(ConfigurationError, match=r"m:1.stop: .* 400 bytes as JSON; this takes 776"):
        static_config()


def test_a_row_of_older_days_with_an_overlong_list_does_not_stop_its_user(
    person, broker, ollama, transactional_db
):
    Preference.objects.create(user=person, max_retries=0, parameters={"stop": ["😀" * 64] * 4})
    run = enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "x"}, user_id=person.pk)
    assert (run.llm_config["max_retries"], run.llm_config["parameters"]) == (0, {})
