"""Random worlds of files, variables, tiers and rows: resolving answers as the naive oracle does.

``RESOLVE_EXAMPLES=10000 .venv/bin/python -m pytest tests/llmconfig/test_hierarchy.py`` tries more.
"""

import json
import os
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from llmconfig import task_types
from llmconfig.errors import FallbackSameAsModel, ModelNotAllowed, NoAllowedModel
from llmconfig.explain import config_explain
from llmconfig.layers.ladder import Rows, Tier
from llmconfig.layers.located import Report
from llmconfig.layers.static import Static, static_read
from llmconfig.layers.yaml_text import yaml_parse
from llmconfig.merging import rows_merge
from llmconfig.models import Preference
from llmconfig.models import Tier as StoredTier
from llmconfig.places import RowVersion, row_of
from llmconfig.policy import models_check
from llmconfig.resolver import decide
from llmconfig.selectors import config_resolve
from llmconfig.types import ResolvedConfig
from tests.llmconfig import oracle
from tests.llmconfig.conftest import INSIGHT, REPORT
from tests.llmconfig.oracle import NOTHING_ALLOWED, REFUSED, World

EXAMPLES = int(os.environ.get("RESOLVE_EXAMPLES", "0"))
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


def agrees(world: World, resolve, rows: dict[RowVersion, oracle.Row]) -> None:
    """What ``resolve`` makes of a world is what the oracle says; ``rows`` by how they are named."""
    expected = oracle.answer(world)
    try:
        config = resolve()
    except NoAllowedModel:
        event(NOTHING_ALLOWED)
        assert expected == NOTHING_ALLOWED
    except (ModelNotAllowed, FallbackSameAsModel):
        event(REFUSED)
        assert expected == REFUSED
    else:
        event(f"model of {config.source}")
        assert isinstance(expected, oracle.Answer), expected
        compare(config, expected, rows)
        for model in (config.model, config.fallback_model):
            assert not model or oracle.permitted(world, model)


def compare(config: ResolvedConfig, expected: oracle.Answer, rows) -> None:
    assert {name: getattr(config, name) for name in oracle.FIELDS} == expected.values
    assert config.parameters == expected.parameters
    assert list(config.model_parameters.values()) == expected.model_parameters
    origins = {
        name: (origin.layer, rows.get(row_of(origin.place)))
        for name, origin in config.origins.items()
    }
    assert origins == expected.origins
    assert config.source == expected.origins["model"][0]


@dataclass
class PlainRow:
    """A row as the ladder sees it, without a database's bounds."""

    place: str
    task_type: str | None
    fields: dict[str, Any]

    def stated(self):
        return self.fields


def static_of(world: World) -> Static:
    report = Report()
    file = yaml_parse(in_file(world).encode(), "llm.yaml", report)
    return static_read(file, in_variables(world), task_types.names(), report)


@settings(max_examples=EXAMPLES or 300, deadline=None)
@given(worlds(bad=BAD))
def test_resolving_answers_as_the_oracle_does(world):
    named = {RowVersion(number, 1): row for number, row in enumerate(world.rows)}

    def of(owner):
        return tuple(
            PlainRow(name.place, row.task_type, row.fields)
            for name, row in named.items()
            if row.owner == owner
        )

    static = static_of(world)
    mine = [group for group in world.groups if world.person and group.is_mine]
    rows = Rows(
        common=of("everyone"),
        tiers=tuple(
            Tier(
                name=group.name,
                rank=group.rank,
                allowed_models=None if group.allowed is None else tuple(group.allowed),
                rows=of(group.name),
            )
            for group in sorted(mine, key=lambda group: group.rank or 0)
        ),
        user=of("me") if world.person else (),
    )

    def resolve():
        models_check(world.request, rows.narrow(static.policy))
        merged = rows_merge(world.task_type, static=static, rows=rows, request=world.request)
        return decide(merged, static.model_params)

    agrees(world, resolve, named)


@pytest.fixture
def write_static(tmp_path, settings):
    settings.LLM_ALLOW_REQUEST_LAYER = True

    def write(world: World) -> None:
        path = tmp_path / "llm.yaml"
        path.write_text(in_file(world))
        settings.LLM_CONFIG_FILE = path
        settings.LLM_ENVIRON = in_variables(world)

    return write


def store(world: World) -> tuple[User, dict[RowVersion, oracle.Row]]:
    """The world's groups and rows in the database."""
    users = get_user_model().objects
    me, somebody = users.create_user("me"), users.create_user("somebody")
    owners: dict[str, dict[str, Any]] = {"everyone": {}, "me": {"user": me}}
    owners["somebody"] = {"user": somebody}
    for each in world.groups:
        group = Group.objects.create(name=each.name)
        if each.rank is not None:
            StoredTier.objects.create(group=group, rank=each.rank, allowed_models=each.allowed)
        (me if each.is_mine else somebody).groups.add(group)
        owners[each.name] = {"group": group}
    named = {}
    for row in world.rows:
        stored = Preference(**owners[row.owner], task_type=row.task_type, **row.fields)
        stored.version = 1
        stored.save()
        named[RowVersion(stored.pk, stored.version)] = row
    return me, named


@pytest.mark.django_db
@settings(
    max_examples=max(40, EXAMPLES // 20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example rolls back
)
@given(world=worlds(bad=BAD_BUT_STORABLE))
def test_resolving_from_the_database_answers_as_the_oracle_does(world, write_static):
    write_static(world)
    with transaction.atomic():
        me, named = store(world)
        user_id = me.pk if world.person else None
        question = {"user_id": user_id, "task_type": world.task_type}
        agrees(world, lambda: config_resolve(**question, request=world.request), named)
        explanation = config_explain(**question)
        try:
            resolved = config_resolve(**question)
        except NoAllowedModel:
            resolved = None
        assert explanation.config == resolved
        assert (explanation.refusal is None) == (resolved is not None)
        transaction.set_rollback(True)
