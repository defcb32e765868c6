"""Every page of the admin: it answers, to those who may see it, from this server alone."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from knox.models import AuthToken

from llmconfig.audit.entries import AuditEntry
from llmconfig.models import Preference, Tier
from workers.models import Breaker, Feedback, Pause, PermitPool, TaskRun, WorkerNode
from workers.reports.models import FanOut, ReportRefusal, ReportSettings, WeeklyReport

pytestmark = pytest.mark.django_db

PAGES = (
    "llmconfig_preference_everyone",
    "llmconfig_preference_task_types",
    "llmconfig_preference_tiers",
    "llmconfig_preference_users",
    "llmconfig_preference_effective",
    "llmconfig_preference_deleted",
    "llmconfig_tier_deleted",
    "index",
    "password_change",
)
#: Those of which staff make no rows by hand.
NOT_DELETED = {
    "workers_taskrun", "workers_workernode", "workers_breaker", "workers_feedback",
    "workers_permitpool",
    "llmconfig_auditentry",
    "reports_fanout", "reports_reportrefusal", "reports_weeklyreport",
}  # fmt: skip
NOT_ADDED = {*NOT_DELETED, "knox_authtoken"}
NAMES = {
    model: f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry
}


@pytest.fixture
def rows(django_user_model):
    """One row of every registered model, by the model."""
    now = timezone.now()
    user = django_user_model.objects.create_user("ada", email="ada@example.org")
    group = Group.objects.create(name="premium")
    user.groups.add(group)
    run = TaskRun.objects.create(
        user=user, task_type="TASK_TYPE_TEXT_GENERATION", queue="llm.text_generation",
        payload={"prompt": "x"}, deadline=now + timedelta(minutes=9),
        llm_config={"source": "user", "origins": {"model": {"layer": "user",
                                                            "place": "preference 1 v1"}}},
    )  # fmt: skip
    interval = IntervalSchedule.objects.create(every=15, period="minutes")
    made = [
        user,
        group,
        run,
        AuthToken.objects.create(user)[0],
        AuditEntry.objects.create(user=user, username="ada", method="PUT", status=200),
        Tier.objects.create(group=group, rank=1),
        Preference.objects.create(user=user, model="qwen3"),
        Breaker.objects.create(host="http://h", model="qwen3"),
        Feedback.objects.create(
            run=run, user=user, rating=1, model="qwen3", fallback_used=False, source="user"
        ),
        PermitPool.objects.create(host="http://h", model="qwen3:latest"),
        Pause.objects.create(kind="model", name="qwen3", reason="x"),
        WorkerNode.objects.create(name="w@h", started_at=now, seen_at=now),
        ReportSettings.objects.create(user=user, time_zone="Europe/Berlin"),
        FanOut.objects.create(moment=now, reasons={"no_allowed_model": 1}),
        WeeklyReport.objects.create(
            user=user,
            run=run,
            week="2026-W47",
            starts_at=now,
            ends_at=now,
            time_zone="UTC",
            language="en",
        ),
        ReportRefusal.objects.create(user=user, week="2026-W47", tried_at=now),
        interval,
        CrontabSchedule.objects.create(minute="37", hour="3"),
        PeriodicTask.objects.create(name="prune", task="llm.prune", interval=interval),
    ]
    return {type(row): row for row in made}


@pytest.fixture
def viewer(client, django_user_model):
    """A client of staff who may see everything and change nothing."""
    user = django_user_model.objects.create_user("vera", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return client


def address(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


def test_there_is_a_row_for_every_registered_model(rows):
    assert rows.keys() == admin.site._registry.keys()


@pytest.mark.parametrize("model", NAMES, ids=NAMES.values())
def test_every_page_of_every_model_answers(model, admin_client, rows):
    name, key = NAMES[model], rows[model].pk
    for page in ("change", "history"):
        assert admin_client.get(address(f"{name}_{page}", key)).status_code == 200
    assert admin_client.get(address(f"{name}_changelist")).status_code == 200
    assert admin_client.get(f"{address(f'{name}_changelist')}?q=x").status_code == 200
    add = admin_client.get(address(f"{name}_add")).status_code
    assert add == (403 if name in NOT_ADDED else 200)
    delete = admin_client.get(address(f"{name}_delete", key)).status_code
    assert delete == (403 if name in NOT_DELETED else 200)


@pytest.mark.parametrize("page", PAGES)
def test_every_other_page_answers(page, admin_client, rows):
    assert admin_client.get(address(page)).status_code == 200


def test_the_login_leads_to_the_overview(client, django_user_model):
    django_user_model.objects.create_superuser("root", password="x")
    told = client.post(address("login"), {"username": "root", "password": "x"})
    assert told.url == "/admin/"


@pytest.mark.parametrize("model", NAMES, ids=NAMES.values())
def test_who_may_only_see_gets_pages_without_anything_to_save(model, viewer, rows):
    name, key = NAMES[model], rows[model].pk
    assert viewer.get(address(f"{name}_changelist")).status_code == 200
    page = viewer.get(address(f"{name}_change", key))
    assert page.status_code == 200
    assert not re.search(r'name="_(save|continue|addanother)"', page.content.decode())
    assert viewer.get(address(f"{name}_add")).status_code == 403
    assert viewer.get(address(f"{name}_delete", key)).status_code == 403
    assert viewer.post(address(f"{name}_change", key), {}).status_code == 403
    assert viewer.post(address(f"{name}_delete", key), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", NAMES, ids=NAMES.values())
def test_staff_without_permission_are_refused(model, client, rows, django_user_model):
    client.force_login(django_user_model.objects.create_user("otto", is_staff=True))
    name, key = NAMES[model], rows[model].pk
    for page in (address(f"{name}_changelist"), address(f"{name}_change", key)):
        assert client.get(page).status_code == 403
    assert client.get(address("index")).status_code == 200


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("llmconfig")])
def test_other_pages_refuse_them_too(page, client, django_user_model):
    client.force_login(django_user_model.objects.create_user("otto", is_staff=True))
    assert client.get(address(page)).status_code == 403


def test_the_menu_shows_what_a_person_may_see(viewer, client, django_user_model):
    def menu():
        groups = client.get(address("index")).context["sidebar_navigation"]
        return {str(item["title"]) for group in groups for item in group["items"]}

    assert {"Everyone", "Runs", "Workers", "Breakers", "API tokens"} <= menu()
    client.force_login(django_user_model.objects.create_user("otto", is_staff=True))
    assert menu() == {"Overview"}


class Assets(HTMLParser):
    """Collects what a browser would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in {"script", "img", "iframe", "source"} and given.get("src"):
            self.found.append(given["src"])
        if tag == "link":
            self.found.append(given.get("href") or "")


def assets_of(page: str) -> list[str]:
    parser = Assets()
    parser.feed(page)
    return parser.found


def test_pages_load_nothing_from_elsewhere_and_everything_exists(admin_client, rows):
    pages = [address(page) for page in PAGES]
    for model, name in NAMES.items():
        pages += [address(f"{name}_changelist"), address(f"{name}_change", rows[model].pk)]
    loaded = {
        asset for page in pages for asset in assets_of(admin_client.get(page).content.decode())
    }
    static = {asset.removeprefix("/static/") for asset in loaded if asset.startswith("/static/")}
    assert len(static) > 10
    assert loaded - {f"/static/{asset}" for asset in static} == {address("jsi18n")}
    assert [asset for asset in static if not finders.find(asset)] == []


def test_style_sheets_load_nothing_from_elsewhere(admin_client):
    loaded = assets_of(admin_client.get(address("index")).content.decode())
    sheets = [finders.find(each.removeprefix("/static/")) for each in loaded if ".css" in each]
    for sheet in sheets:
        with open(sheet) as file:
            assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", file.read()), sheet


def test_looking_at_pages_changes_nothing(admin_client, rows):
    before = {model: list(model.objects.order_by("pk").values()) for model in rows}
    for page in PAGES:
        admin_client.get(address(page))
    for model, name in NAMES.items():
        for page in ("change", "history", "delete"):
            admin_client.get(address(f"{name}_{page}", rows[model].pk))
    assert {model: list(model.objects.order_by("pk").values()) for model in rows} == before


def test_the_overview_counts_runs_and_preferences_and_names_what_needs_a_look(
    admin_client, rows, settings
):
    settings.LLM_ENVIRON = {"LLM_ALLOWED_MODELS": "llama*"}
    context = admin_client.get(address("index")).context
    assert [(figure.label, figure.count) for figure in context["runs"]] == [("pending", 1)]
    assert [figure.count for figure in context["preferences"]] == [0, 0, 0, 1]
    assert [notice.label for notice in context["notices"]] == [
        "1 preference names a model that is not allowed",
        "1 queue or model is paused",
    ]
    for figure in (*context["runs"], *context["preferences"], *context["notices"]):
        assert admin_client.get(figure.link).status_code == 200


def test_where_no_worker_lives_the_overview_says_so(admin_client):
    notices = admin_client.get(address("index")).context["notices"]
    assert [notice.label for notice in notices] == ["No worker is alive: runs wait"]


def test_the_overview_takes_the_same_queries_for_any_number_of_rows(
    admin_client, django_user_model, django_assert_max_num_queries
):
    for number in range(20):
        user = django_user_model.objects.create_user(f"user{number}")
        Preference.objects.create(user=user, model=f"model{number}")
    with django_assert_max_num_queries(25):
        admin_client.get(address("index"))


@pytest.mark.parametrize("page", ["auth_user", "workers_taskrun", "knox_authtoken"])
def test_lists_take_the_same_queries_for_any_number_of_rows(page, admin_client, django_user_model):
    def add(numbers):
        for number in numbers:
            user = django_user_model.objects.create_user(f"user{number}")
            user.groups.add(Group.objects.create(name=f"group{number}"))
            AuthToken.objects.create(user)
            TaskRun.objects.create(
                user=user, task_type="TASK_TYPE_TEXT_GENERATION", queue="q", payload={},
                llm_config={"source": "user"}, deadline=timezone.now(),
            )  # fmt: skip

    def queries():
        admin_client.get(address(f"{page}_changelist"))
        with CaptureQueriesContext(connection) as taken:
            admin_client.get(address(f"{page}_changelist"))
        return len(taken)

    add(range(5))
    few = queries()
    add(range(5, 50))
    assert queries() == few


def test_a_users_page_leads_to_what_the_user_gets(admin_client, rows, django_user_model):
    user = rows[django_user_model]
    page = admin_client.get(address("auth_user_change", user.pk)).content.decode()
    assert f'href="{address("llmconfig_preference_effective")}?user={user.pk}"' in page


def test_tokens_are_seen_and_revoked(admin_client, rows):
    token = rows[AuthToken]
    page = admin_client.get(address("knox_authtoken_change", token.pk)).content.decode()
    assert token.token_key in page
    admin_client.post(address("knox_authtoken_delete", token.pk), {"post": "yes"})
    assert not AuthToken.objects.exists()
