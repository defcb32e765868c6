"""Who may call which operation: a row for each, and the world that the rows speak of.

The request is made from the description: its example as the body, the required parameters of the
query. It is about what belongs to the owner.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from llmconfig.models import Preference, Tier
from llmconfig.store.services import preference_save
from tests.config.api.openapi import Operation, resolved
from workers.models import TaskRun
from workers.reports.models import WeeklyReport
from workers.runs.feedback import feedback_give

#: Who has no token, who owns the object, somebody else, staff with the admin's permissions, and
#: staff that may look at everything and change nothing of others.
PEOPLE = ("anonymous", "owner", "other", "staff", "onlooker")
TASK_TYPE = "TASK_TYPE_TEXT_GENERATION"
WEEK = "2026-W46"


@dataclass(frozen=True)
class Row:
    """The status for each of `PEOPLE`."""

    anonymous: int
    owner: int
    other: int
    staff: int
    onlooker: int


def everybody(status: int) -> Row:
    return Row(status, status, status, status, status)


def members(status: int) -> Row:
    """Whoever has logged in, about what is their own."""
    return Row(401, status, status, status, status)


def of_owner(status: int, *, onlooker: int | None = None) -> Row:
    """The owner and staff; for everybody else it does not exist."""
    return Row(401, status, 404, status, status if onlooker is None else onlooker)


def of_staff(status: int, *, onlooker: int | None = None) -> Row:
    return Row(401, 403, 403, status, status if onlooker is None else onlooker)


def documents(name: str, read: Row, write: Row) -> dict[str, Row]:
    """The operations of one kind of ``…/llm-config``."""
    return {
        f"get_{name}_llm_config": read,
        f"get_{name}_llm_config_history": read,
        f"replace_{name}_llm_config": write,
        f"change_{name}_llm_config": write,
        f"roll_back_{name}_llm_config": write,
        f"reset_{name}_llm_config": write,
    }


ROWS: Mapping[str, Row] = {
    "get_status": everybody(200),
    "log_in": everybody(200),
    "log_out": members(204),
    "log_out_everywhere": members(204),
    "get_me": members(200),
    "preview_llm_config": members(200),
    "list_models": members(200),
    "list_task_types": members(200),
    **documents("own", members(200), members(200)),
    **documents("user", of_owner(200), of_owner(200, onlooker=403)),
    **documents("tier", of_staff(200), of_staff(200, onlooker=403)),
    **documents("task_type", of_staff(200), of_staff(200, onlooker=403)),
    **documents("system", of_staff(200), of_staff(200, onlooker=403)),
    # Nobody returns to a version of what is not theirs.
    "roll_back_own_llm_config": Row(401, 200, 404, 404, 404),
    "submit_task": members(202),
    "submit_tasks": members(202),
    "list_tasks": members(200),
    "get_task": of_owner(200),
    "get_task_result": of_owner(200),
    "follow_task": of_owner(200),
    "retry_task": of_owner(202, onlooker=403),
    "cancel_task": of_owner(200, onlooker=403),
    # Staff see results, and judge only what they asked for themselves.
    "judge_task_result": Row(401, 200, 404, 409, 409),
    "withdraw_task_judgement": Row(401, 204, 404, 409, 409),
    "get_report_settings": members(200),
    "replace_report_settings": members(200),
    "change_report_settings": members(200),
    "reset_report_settings": members(200),
    "list_weekly_reports": members(200),
    "get_weekly_report": of_owner(200),
    # Each of their own week: the owner's alone had activity.
    "make_weekly_report": Row(401, 202, 409, 409, 409),
}


class World:
    """The people, and one object of each kind that belongs to the owner."""

    def __init__(self, users: Any) -> None:
        self.owner = users.create_user("owner", password="pass-word-1")
        self.other = users.create_user("other", password="pass-word-2")
        self.staff = users.create_superuser("staff", password="pass-word-3")
        self.onlooker = users.create_user("onlooker", is_staff=True)
        self.tier = Group.objects.create(name="premium")
        Tier.objects.create(group=self.tier, rank=20)
        self.run = self._run(status="succeeded", result={"content": "Hi."}, model_used="a:1b")
        self.open_run = self._run(status="queued")
        feedback_give(self.run, user=self.owner, rating=1, comment="")
        self.entry_date = timezone.now().date() - timedelta(days=7)
        self._run(
            status="queued",
            task_type="TASK_TYPE_INSIGHT_GENERATION",
            payload={"entries": [{"date": self.entry_date.isoformat(), "text": "Reviewed."}]},
        )
        self.report = WeeklyReport.objects.create(
            user=self.owner,
            week=WEEK,
            starts_at=timezone.now() - timedelta(days=8),
            ends_at=timezone.now() - timedelta(days=1),
            time_zone="UTC",
            language="en",
        )

    def call(self, who: str, operation: Operation) -> Any:
        """The answer to a request of somebody, made from the description."""
        path = operation.path.format(**self._named(operation))
        if query := _query(operation):
            path += f"?{query}"
        return getattr(self.client(who), operation.method)(path, self._body(operation))

    def client(self, who: str) -> APIClient:
        client = APIClient()
        if who != "anonymous":
            token = AuthToken.objects.create(getattr(self, who))[1]
            client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return client

    def _named(self, operation: Operation) -> dict[str, Any]:
        run = self.open_run if operation.id == "cancel_task" else self.run
        return {
            "task_id": run.pk,
            "user_id": self.owner.pk,
            "report_id": self.report.pk,
            "name": TASK_TYPE if "task-types" in operation.path else self.tier.name,
        }

    def _body(self, operation: Operation) -> Any:
        if operation.id == "log_in":
            return {"username": "owner", "password": "pass-word-1"}
        if operation.id == "make_weekly_report":
            return {"week": self.entry_date.strftime("%G-W%V")}
        if operation.id.startswith("roll_back_"):
            return self._version_of(operation)
        content = operation.told.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return None
        return next(iter(content["examples"].values()))["value"]

    def _version_of(self, operation: Operation) -> dict[str, Any]:
        owners = {
            "tier": {"group": self.tier},
            "task_type": {"task_type": TASK_TYPE},
            "system": {},
        }
        name = operation.id.removeprefix("roll_back_").removesuffix("_llm_config")
        preference = _preference(**owners.get(name, {"user": self.owner}))
        return {"preference": str(preference.pk), "version": preference.version}

    def _run(self, **fields: Any) -> TaskRun:
        ended = {"finished_at": timezone.now()} if fields["status"] == "succeeded" else {}
        return TaskRun.objects.create(
            user=self.owner,
            queue="llm.text_generation",
            llm_config={"model": "a:1b", "fallback_model": ""},
            deadline=timezone.now() + timedelta(minutes=10),
            **{"task_type": TASK_TYPE, "payload": {"prompt": "Say hello."}, **ended, **fields},
        )


def _preference(**owner: Any) -> Preference:
    return preference_save(preference=Preference(max_retries=1, **owner), by=None)


def _query(operation: Operation) -> str:
    """The parameters that must be given, each with the first value that is accepted."""
    told = [resolved(each) for each in operation.told.get("parameters", [])]
    required = [each for each in told if each["in"] == "query" and each.get("required")]
    return "&".join(f"{each['name']}={each['schema']['enum'][0]}" for each in required)
