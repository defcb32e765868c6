"""How many SQL statements each operation takes: pinned, and as many however much there is.

The operations come from the description: one without a number fails here. Each is called with what
the matrix of permissions sends, and undone: alone, and beside many rows of everything that it may
meet. Savepoints count like the BEGIN and COMMIT that they are outside of a test's transaction, and
the trail of what was changed counts too; what is sent after a commit is counted below.
"""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from config.status import gathering
from llmconfig.models import Preference, Tier
from llmconfig.store.services import preference_save
from tests.config.api.matrix import TASK_TYPE, World
from tests.config.api.openapi import operations
from tests.llmconfig.conftest import SEED
from tests.workers.api.test_tasks import client_of
from workers.models import Attempt, TaskRun
from workers.process import known_models
from workers.reports.models import WeeklyReport

OPERATIONS = {operation.id: operation for operation in operations()}
MANY = 60

QUERIES = {
    "cancel_task": 14,
    "change_own_llm_config": 15,
    "change_report_settings": 4,
    "change_system_llm_config": 14,
    "change_task_type_llm_config": 14,
    "change_tier_llm_config": 18,
    "change_user_llm_config": 15,
    "follow_task": 3,
    "get_me": 2,
    "get_own_llm_config": 3,
    "get_own_llm_config_history": 2,
    "get_report_settings": 2,
    "get_status": 1,
    "get_system_llm_config": 3,
    "get_system_llm_config_history": 2,
    "get_task": 3,
    "get_task_result": 3,
    "get_task_type_llm_config": 3,
    "get_task_type_llm_config_history": 2,
    "get_tier_llm_config": 6,
    "get_tier_llm_config_history": 3,
    "get_user_llm_config": 3,
    "get_user_llm_config_history": 2,
    "get_weekly_report": 2,
    "judge_task_result": 8,
    "list_models": 4,
    "list_task_types": 1,
    "list_tasks": 3,
    "list_weekly_reports": 2,
    "log_in": 10,
    "log_out": 3,
    "log_out_everywhere": 3,
    "make_weekly_report": 15,
    "preview_llm_config": 2,
    "replace_own_llm_config": 18,
    "replace_report_settings": 4,
    "replace_system_llm_config": 14,
    "replace_task_type_llm_config": 14,
    "replace_tier_llm_config": 21,
    "replace_user_llm_config": 18,
    "reset_own_llm_config": 12,
    "reset_report_settings": 3,
    "reset_system_llm_config": 12,
    "reset_task_type_llm_config": 12,
    "reset_tier_llm_config": 15,
    "reset_user_llm_config": 12,
    "retry_task": 8,
    "roll_back_own_llm_config": 18,
    "roll_back_system_llm_config": 18,
    "roll_back_task_type_llm_config": 18,
    "roll_back_tier_llm_config": 21,
    "roll_back_user_llm_config": 18,
    "submit_task": 6,
    "submit_tasks": 15,
    "withdraw_task_judgement": 5,
}


class Undone(Exception):
    """Ends a transaction whose changes nobody wants."""


class Counting:
    """A client that counts the statements of its one call."""

    def __init__(self, client: APIClient) -> None:
        self._client, self.made, self.statements = client, 0, []

    def __getattr__(self, method):
        def call(*arguments):
            with CaptureQueriesContext(connection) as made:
                answer = getattr(self._client, method)(*arguments)
            self.made, self.statements = len(made), [each["sql"] for each in made]
            return answer

        return call


@pytest.fixture
def world(settings, tmp_path, db, django_user_model, monkeypatch) -> World:
    # Read again in the midst of a test, what workers have reported would count for one more.
    monkeypatch.setattr(known_models, "CACHE_SECONDS", 3600)
    known_models.forget()
    settings.LLM_CONFIG_FILE = tmp_path / "llm.yaml"
    settings.LLM_CONFIG_FILE.write_text(SEED)
    settings.LLM_ENVIRON = {}
    gathering.forget()
    return World(django_user_model.objects)


def test_every_operation_has_a_number_and_every_number_an_operation():
    missing, left_over = OPERATIONS.keys() - QUERIES.keys(), QUERIES.keys() - OPERATIONS.keys()
    assert not missing, f"say here how many statements are taken by {sorted(missing)}"
    assert not left_over, f"numbers of no operation: {sorted(left_over)}"


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() & QUERIES.keys()))
def test_it_takes_as_many_statements_however_much_there_is(world, name):
    counted(world, name)
    alone, told = counted(world, name)
    assert alone == QUERIES[name], "\n".join(told)
    much(world)
    assert counted(world, name)[0] == alone


def counted(world, name):
    """The statements of one call by whoever may make it, which is undone."""
    who = "staff" if name.split("_llm")[0].endswith(OF_STAFF) else "owner"
    counting = Counting(world.client(who))
    world.client = lambda who: counting
    try:
        with transaction.atomic():
            answer = world.call(who, OPERATIONS[name])
            raise Undone
    except Undone:
        del world.client
    assert str(answer.status_code) in OPERATIONS[name].told["responses"], answer.content
    assert answer.status_code < 300, answer.content
    return counting.made, counting.statements


OF_STAFF = ("_tier", "_task_type", "_system")


def much(world):
    """Many rows of the owner, of tiers and of others."""
    now = timezone.now()
    runs = TaskRun.objects.bulk_create(
        TaskRun(
            user=world.owner, task_type=TASK_TYPE, queue="llm.text_generation", status="succeeded",
            payload={"prompt": "x"}, result={"content": "y"}, model_used="a:1b", llm_config={},
            deadline=now + timedelta(minutes=10), finished_at=now,
        )
        for _ in range(MANY)
    )  # fmt: skip
    Attempt.objects.bulk_create(
        Attempt(
            run=run, number=number, model="a:1b", outcome="succeeded", started_at=now, duration_ms=5
        )
        for run in [*runs, world.run]
        for number in (1, 2)
    )
    WeeklyReport.objects.bulk_create(
        WeeklyReport(
            user=world.owner, week=f"2025-W{week:02}", starts_at=now - timedelta(days=400),
            ends_at=now - timedelta(days=393), time_zone="UTC", language="en",
        )
        for week in range(1, 31)
    )  # fmt: skip
    for number in range(5):
        group = Group.objects.create(name=f"tier-{number}")
        Tier.objects.create(group=group, rank=100 + number)
        world.owner.groups.add(group)
        preference_save(preference=Preference(max_retries=number, group=group), by=None)
        client_of(world.owner)
