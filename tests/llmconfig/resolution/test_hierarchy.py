"""Random worlds of files, variables, tiers and rows: resolving answers as the naive oracle does.

``RESOLVE_EXAMPLES=10000 .venv/bin/python -m pytest tests/llmconfig/resolution/test_hierarchy.py``
tries more.
"""

import os
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings

from llmconfig.layers.ladder import Rows, Tier
from llmconfig.layers.located import Report
from llmconfig.layers.static import Static, static_read
from llmconfig.layers.yaml_text import yaml_parse
from llmconfig.models import Preference
from llmconfig.models import Tier as StoredTier
from llmconfig.resolution.explain import config_explain
from llmconfig.resolution.merging import rows_merge
from llmconfig.resolution.policy import models_check
from llmconfig.resolution.resolver import decide
from llmconfig.resolution.selectors import config_resolve
from llmconfig.values import task_types
from llmconfig.values.errors import FallbackSameAsModel, ModelNotAllowed, NoAllowedModel
from llmconfig.values.places import RowVersion, row_of
from llmconfig.values.types import ResolvedConfig
from tests.llmconfig import oracle
from tests.llmconfig.oracle import NOTHING_ALLOWED, REFUSED, World
from tests.llmconfig.worlds import BAD, BAD_BUT_STORABLE, in_file, in_variables, worlds

EXAMPLES = int(os.environ.get("RESOLVE_EXAMPLES", "0"))


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
    assert config.source == max((layer for layer, _ in origins.values()), key=oracle.LAYERS.index)


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
