"""Random worlds: every model that anybody gets is one of those that are told as configured."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from llmconfig.resolution.selectors import configs_resolve
from llmconfig.resolution.stated_models import models_stated
from llmconfig.values.model_names import normalise_model
from llmconfig.values.types import MODEL_FIELDS
from tests.llmconfig.resolution.test_hierarchy import store, write_static  # noqa: F401  (a fixture)
from tests.llmconfig.worlds import BAD_BUT_STORABLE, worlds


def resolved(user_id):
    """(model, field, task type) of everything that applies to a user."""
    for task_type, config in configs_resolve(user_id=user_id).items():
        for field in MODEL_FIELDS:
            if config and (model := getattr(config, field)):
                yield normalise_model(model), field, task_type


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example rolls back
)
@given(world=worlds(bad=BAD_BUT_STORABLE))
def test_every_model_that_anybody_gets_is_told_as_configured(world, write_static):  # noqa: F811
    write_static(world)
    with transaction.atomic():
        me, _rows = store(world)
        told = [each for each in models_stated() if each.allowed]
        for model, field, task_type in [*resolved(me.pk), *resolved(None)]:
            assert any(
                (normalise_model(each.model), each.field) == (model, field)
                and (each.task_types is None or task_type in each.task_types)
                for each in told
            ), (model, field, task_type)
        transaction.set_rollback(True)
