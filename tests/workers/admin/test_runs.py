"""The admin of runs: to read, safely."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from workers.models import Attempt, TaskRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    now = timezone.now()
    run = TaskRun.objects.create(
        task_type="TASK_TYPE_TEXT_GENERATION",
        queue="llm.text_generation",
        payload={"prompt": "x"},
        llm_config={"source": "tier"},
        deadline=now + timedelta(minutes=10),
        status="succeeded",
        finished_at=now,
        result={"content": "<script>alert(1)</script>"},
        model_used="ok:1b",
    )
    Attempt.objects.create(
        run=run, number=1, model="ok:1b", host="http://h", outcome="succeeded", started_at=now,
        duration_ms=12, load_ms=3456, queue_ms=1234,
    )  # fmt: skip
    return run


def test_the_list_shows_status_model_and_source(admin_client, run):
    page = admin_client.get("/admin/workers/taskrun/").content.decode()
    assert "succeeded" in page
    assert "ok:1b" in page
    assert "tier" in page


def test_a_run_is_shown_with_its_attempts_and_what_the_model_wrote_is_escaped(admin_client, run):
    page = admin_client.get(f"/admin/workers/taskrun/{run.pk}/change/").content.decode()
    assert "http://h" in page
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_attempt_shows_its_load_and_its_time_in_the_servers_queue(admin_client, run):
    page = admin_client.get(f"/admin/workers/taskrun/{run.pk}/change/").content.decode()
    assert "3,456 ms" in page
    assert "1,234 ms" in page


def test_nothing_can_be_changed(admin_client, run):
    assert admin_client.post(f"/admin/workers/taskrun/{run.pk}/change/", {}).status_code == 403
    assert admin_client.post(f"/admin/workers/taskrun/{run.pk}/delete/", {}).status_code == 403
    assert admin_client.get("/admin/workers/taskrun/add/").status_code == 403


def test_who_is_not_staff_sees_nothing(client, run, django_user_model):
    client.force_login(django_user_model.objects.create_user("ada"))
    assert client.get(f"/admin/workers/taskrun/{run.pk}/change/").status_code == 302


def test_searching_for_what_is_no_id_finds_nothing_and_breaks_nothing(admin_client, run):
    assert admin_client.get("/admin/workers/taskrun/?q=nonsense").status_code == 200


def test_the_list_loads_no_column_that_it_does_not_show(admin_client, run):
    with CaptureQueriesContext(connection) as queries:
        admin_client.get("/admin/workers/taskrun/")
    selected = [query["sql"] for query in queries if "workers_taskrun" in query["sql"]]
    assert selected
    for column in ("payload", "result", "error", "notes", "metadata"):
        assert not any(f'"workers_taskrun"."{column}"' in sql for sql in selected)


def test_the_list_takes_a_fixed_number_of_queries(admin_client, run, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        admin_client.get("/admin/workers/taskrun/")


def test_notes_on_a_result_are_shown_and_escaped(admin_client, run):
    run.notes = [{"code": "entries_left_out", "detail": "2 of 9 <entries> were left out."}]
    run.save()
    page = admin_client.get(f"/admin/workers/taskrun/{run.pk}/change/").content.decode()
    assert "<li>2 of 9 &lt;entries&gt; were left out.</li>" in page
