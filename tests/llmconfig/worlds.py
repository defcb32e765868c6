"""Random worlds, and how somebody would write down their file and variables."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.llmconfig import oracle
from tests.llmconfig.conftest import INSIGHT, REPORT
from tests.llmconfig.oracle import World

TYPES = [INSIGHT, REPORT]
DEFAULTS = {INSIGHT: {}, REPORT: {"deadline_seconds": 86_400}}
MODELS = ["a", "a:latest", "a:1", "b:1", "c:7b", "hf.co/x/y", "llama3.2:3b"]
PATTERNS = ["a", "a:*", "b:?", "*:1", "c*", "hf.co/*", "llama3.2:*", "nothing", "*"]
#: None as often as not, or hardly anything would be allowed.
LISTS = st.none() | st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=6, unique=True)

PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0, 0.5, 2]),
        "top_k": st.sampled_from([0, 1, 1000]),
        "seed": st.integers(0, 3),
        "think": st.sampled_from([True, False, "low", "max"]),
    },
)
GOOD = {
    "model": st.sampled_from(MODELS),
    "fallback_model": st.sampled_from(["", *MODELS]),
    "timeout_seconds": st.sampled_from([1, 45, 60, 300]),
    "first_token_timeout_seconds": st.sampled_from([1, 50, 300]),
    "max_retries": st.sampled_from([0, 1, 10]),
    "deadline_seconds": st.sampled_from([1, 50, 600, 86_400]),
    "parameters": PARAMETERS,
}
#: What only a hand in the database, or another release, can have left in a row.
BAD = {
    "model": st.sampled_from(["a b", "", 7]),
    "fallback_model": st.sampled_from(["a b", ["a"]]),
    "timeout_seconds": st.sampled_from([0, 301, "60", True, 1.5]),
    "max_retries": st.sampled_from([-1, 11, False]),
    "deadline_seconds": st.sampled_from([86_401, {}]),
    "parameters": st.sampled_from(
        [[1], "x", {"temperature": 3, "seed": 1}, {"top_k": 1.5}, {"num_ctx": 1, "seed": 2}]
    ),
    "colour": st.just("red"),
}
#: The one of these that the database's own bounds let pass.
BAD_BUT_STORABLE = {"model": st.just("a b"), "fallback_model": st.just("a b")}


def stated(*names, bad=None):
    fields = {name: kind for name, kind in GOOD.items() if not names or name in names}
    for name, kind in (bad or {}).items():
        fields[name] = fields[name] | kind if name in fields else kind
    models = {name: fields[name] for name in ("model", "fallback_model")}
    return st.fixed_dictionaries({}, optional=fields) | st.fixed_dictionaries(models)


def some(strategy):
    """Absent as often as not."""
    return st.one_of(st.just({}), strategy)


MODEL_PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0, 0.25]),
        "top_k": st.integers(0, 5),
        "context_window": st.just(9),
    },
)
OF_MODELS = [
    st.dictionaries(st.sampled_from(names), MODEL_PARAMS, max_size=3)
    for names in (["a", "a:1", "b:1"], ["a:latest", "a:1", "c:7b"])
]
FILES = st.fixed_dictionaries(
    {},
    optional={
        "default": stated(),
        "task_types": st.dictionaries(st.sampled_from(TYPES), stated(), max_size=2),
        "model_params": OF_MODELS[0],
        "user_preferences": st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(["premium_model", "standard_model"], st.sampled_from(MODELS)),
        ),
    },
)
VARIABLES = st.fixed_dictionaries(
    {},
    optional={
        "default": stated("model", "fallback_model", "timeout_seconds", "max_retries"),
        "task_types": st.dictionaries(st.sampled_from(TYPES), stated(), max_size=2),
        "model_params": OF_MODELS[1],
    },
)


@st.composite
def groups(draw):
    """Tiers with ranks of their own, and at most one group that is none."""
    names = draw(st.lists(st.sampled_from(["premium", "standard", "gold"]), unique=True))
    ranks = draw(st.permutations([1, 5, 20]))
    found = [
        oracle.Group(name=name, rank=rank, allowed=draw(LISTS), is_mine=draw(st.booleans()))
        for name, rank in zip(names, ranks, strict=False)
    ]
    plain = draw(st.sampled_from([None, "staff", *{"premium", "standard"} - set(names)]))
    return [*found, oracle.Group(name=plain)] if plain else found


@st.composite
def worlds(draw, bad):
    of = draw(groups())
    owners = ["everyone", "me", "somebody", *(group.name for group in of)]
    scopes = [(owner, of_type) for owner in owners for of_type in (None, *TYPES)]
    fields = st.none() | stated(bad=bad)
    rows = dict(zip(scopes, draw(st.tuples(*[fields] * len(scopes))), strict=True))
    task_type = draw(st.sampled_from(TYPES))
    return World(
        task_type=task_type,
        person=draw(st.booleans() | st.just(True)),
        file=draw(some(FILES)),
        variables=draw(some(VARIABLES)),
        allowed=draw(LISTS),
        groups=of,
        rows=[
            oracle.Row(owner=owner, task_type=of_type, fields=fields)
            for (owner, of_type), fields in rows.items()
            if fields is not None
        ],
        defaults=DEFAULTS[task_type],
        request=draw(some(stated())),
    )


def in_file(world: World) -> str:
    """The file as somebody would write it: with durations."""

    def written(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        renamed = {name: written(item) for name, item in value.items()}
        if "timeout_seconds" in renamed:
            renamed["timeout"] = f"{renamed.pop('timeout_seconds')}s"
        return renamed

    return json.dumps(written(world.file))


def in_variables(world: World) -> dict[str, str]:
    named = {
        oracle.VARIABLES[name]: str(value)
        for name, value in world.variables.get("default", {}).items()
    }
    for variable, section in (
        ("LLM_TASK_TYPE_CONFIGS", "task_types"),
        ("LLM_MODEL_PARAMS", "model_params"),
    ):
        if section in world.variables:
            named[variable] = json.dumps(world.variables[section])
    return named | ({"LLM_ALLOWED_MODELS": ",".join(world.allowed)} if world.allowed else {})
