"""``GET /v1/status``: a word for everybody, the detail for staff, an error for nobody."""

import socket
import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from config.status import gathering
from llmconfig.layers.known_file import KnownFile
from llmconfig.layers.static import file_keep
from tests.workers.api.test_tasks import client_of
from workers.models import Breaker, Pause, PermitPool, TaskRun
from workers.process import dependency_checks
from workers.process.doctor.gathering import facts_gather
from workers.process.registry.nodes import node_register
from workers.reports.models import MailState, WeeklyReport

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = "llm.text_generation"


@pytest.fixture(autouse=True)
def _asked_anew():
    gathering.forget()
    yield
    gathering.forget()


@pytest.fixture
def well(monkeypatch):
    """Parts that answer; a test breaks one."""

    def part(name, problem=""):
        monkeypatch.setattr(dependency_checks, f"{name}_problem", lambda: problem)

    for name in ("broker", "model_server"):
        part(name)
    return part


@pytest.fixture
def staff(django_user_model):
    return client_of(django_user_model.objects.create_user("staff", is_staff=True))


def waiting(**fields):
    now = timezone.now()
    return TaskRun.objects.create(
        task_type="TASK_TYPE_TEXT_GENERATION",
        queue=QUEUE,
        payload={"prompt": "x"},
        llm_config={},
        **{
            "status": "queued",
            "available_at": now - timedelta(seconds=90),
            "deadline": now + timedelta(minutes=10),
            **fields,
        },
    )


def test_whoever_is_not_of_the_staff_has_the_word_alone(well, django_user_model):
    user = django_user_model.objects.create_user("ada")
    for client in (APIClient(), client_of(user)):
        answer = client.get("/v1/status")
        assert (answer.status_code, answer.json()) == (200, {"status": "degraded"})


def test_a_bad_token_is_refused_all_the_same(well):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Token " + "a" * 64)
    assert client.get("/v1/status").status_code == 401


def test_staff_see_parts_queues_workers_and_breakers(well, staff):
    node_register(name="one@here", instance=uuid.uuid4(), queues=[QUEUE])
    waiting()
    waiting(available_at=timezone.now() + timedelta(hours=1))
    waiting(deadline=timezone.now() - timedelta(minutes=1))
    Pause.objects.create(kind="queue", name=QUEUE, reason="work")
    later = timezone.now() + timedelta(minutes=1)
    Breaker.objects.create(host="http://gpu:1", model="a:1b", failures=3, open_until=later)
    Breaker.objects.create(host="http://gpu:1", model="b:1b", failures=1)
    told = staff.get("/v1/status").json()
    assert [(part["name"], part["ok"]) for part in told["dependencies"]] == [
        ("database", True), ("redis", True), ("broker", True), ("model_server", True),
    ]  # fmt: skip
    [queue] = [each for each in told["queues"] if each["name"] == QUEUE]
    assert (queue["depth"], queue["paused"], queue["live_workers"]) == (1, True, 1)
    assert queue["oldest_waiting_seconds"] >= 90
    [twin] = [each for each in told["queues"] if each["name"] == f"{QUEUE}.low"]
    assert (twin["depth"], twin["oldest_waiting_seconds"], twin["paused"]) == (0, None, True)
    assert [(each["name"], each["state"]) for each in told["workers"]] == [("one@here", "live")]
    assert [(each["model"], each["state"]) for each in told["breakers"]] == [("a:1b", "open")]


def test_mails_that_wait_are_told_where_mails_are_sent(well, staff, settings, django_user_model):
    settings.REPORT_MAIL = True
    now = timezone.now()
    WeeklyReport.objects.create(
        user=django_user_model.objects.create_user("ada"),
        week="2026-W47",
        starts_at=now - timedelta(days=8),
        ends_at=now - timedelta(days=1),
        time_zone="UTC",
        written_at=now,
        mail_state=MailState.WAITING,
        mail_at=now + timedelta(hours=1),
        mail_tries=2,
        mail_error="550 sender unknown",
    )
    told = staff.get("/v1/status").json()
    mail = told["dependencies"][-1]
    assert (mail["name"], mail["ok"], told["status"]) == ("mail", False, "degraded")
    assert mail["problem"].endswith("550 sender unknown")


def test_a_part_that_does_not_answer_is_told_with_its_reason(well, staff):
    well("broker", "connection refused")
    told = staff.get("/v1/status").json()
    [broker] = [part for part in told["dependencies"] if part["name"] == "broker"]
    assert broker == {"name": "broker", "ok": False, "problem": "connection refused"}
    assert told["status"] == "degraded"


def test_a_file_in_whose_place_an_earlier_one_is_used_is_told(well, staff, settings, tmp_path):
    file_keep()
    known = KnownFile.objects.get()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("default: {max_retries: many}")
    KnownFile.objects.create(path=str(wrong), content=known.content, kept_at=known.kept_at)
    settings.LLM_CONFIG_ON_ERROR, settings.LLM_CONFIG_FILE = "last_good", wrong
    told = staff.get("/v1/status").json()
    assert told["status"] == "degraded"
    (part,) = [each for each in told["dependencies"] if each["name"] == "configuration"]
    assert not part["ok"]
    assert "wrong.yaml:1: default.max_retries" in part["problem"]
    assert known.kept_at.isoformat(timespec="seconds") in part["problem"]
    (finding,) = [each for each in facts_gather().problems if each.subject == "LLM_CONFIG_FILE"]
    assert finding.code == "configuration_last_good"


def test_without_its_database_it_is_down_and_no_error_also_for_who_has_a_token(
    well, staff, monkeypatch
):
    monkeypatch.setattr(dependency_checks, "database_problem", lambda: "connection refused")
    for client in (APIClient(), staff):
        answer = client.get("/v1/status")
        assert (answer.status_code, answer.json()) == (200, {"status": "down"})


def test_a_redis_that_hangs_is_told_within_a_bounded_time(well, staff, monkeypatch):
    started = time.monotonic()
    # Connections are taken, and nothing is ever said.
    with socket.create_server(("127.0.0.1", 0)) as redis:
        # The setting itself also belongs to limits and cache, which have their own tests.
        url = f"redis://127.0.0.1:{redis.getsockname()[1]}/0"
        monkeypatch.setattr(gathering, "settings", type("Named", (), {"REDIS_URL": url}))
        told = staff.get("/v1/status").json()
        [found] = [part for part in told["dependencies"] if part["name"] == "redis"]
    assert not found["ok"]
    assert time.monotonic() - started < 30


def test_many_calls_ask_the_database_for_the_facts_once(well, monkeypatch):
    asked = []
    monkeypatch.setattr(dependency_checks, "database_problem", lambda: asked.append(1) or "")
    for _ in range(20):
        assert APIClient().get("/v1/status").status_code == 200
    assert len(asked) == 1


def test_staff_see_permits_and_who_waits_for_them(well, staff):
    PermitPool.objects.create(host="http://gpu:11434", model="qwen3:8b", learned=4, ceiling=5)
    waiting(status="retrying", parked_on="permit http://gpu:11434 qwen3:8b")
    assert staff.get("/v1/status").json()["permits"] == [
        {
            "host": "http://gpu:11434",
            "model": "qwen3:8b",
            "permits": 4,
            "stated": False,
            "held": 0,
            "waiting": 1,
        }
    ]
