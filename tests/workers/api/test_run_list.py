"""``GET /v1/tasks``, ``/result``, ``/cancel`` and ``/retry`` as a client sees them."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.workers.api.test_tasks import PROMPT, client_of
from workers.models import TaskRun

pytestmark = pytest.mark.usefixtures("ollama")


@pytest.fixture
def client(person, broker, transactional_db):
    return client_of(person)


@pytest.fixture
def run(client, person):
    """Makes a run of the person's, with the given fields."""

    def make(**fields):
        posted = client.post("/v1/tasks", PROMPT).json()["task_id"]
        if fields.get("status", "queued") in ("succeeded", "failed", "cancelled", "expired"):
            fields.setdefault("finished_at", timezone.now())
        if fields.get("status") == "succeeded":
            fields.setdefault("result", {"content": "Hello."})
        TaskRun.objects.filter(pk=posted).update(**fields)
        return posted

    return make


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [told["task_id"] for told in answer.json()["results"]]


def test_own_runs_are_listed_newest_first(client, run):
    first, second = run(), run()
    assert ids(client.get("/v1/tasks")) == [second, first]


def test_pages_follow_each_other_while_runs_are_added(client, run):
    made = [run() for _ in range(5)]
    page = client.get("/v1/tasks?limit=2").json()
    run()
    seen = [told["task_id"] for told in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [told["task_id"] for told in page["results"]]
    assert seen == made[::-1]


def test_runs_of_one_moment_are_each_listed_once(client, run):
    made = {run() for _ in range(7)}
    TaskRun.objects.update(created_at=timezone.now())
    page, seen = client.get("/v1/tasks?limit=3").json(), []
    while True:
        seen += [told["task_id"] for told in page["results"]]
        if not page["next"]:
            break
        page = client.get(page["next"]).json()
    assert (len(seen), set(seen)) == (7, made)


def test_a_run_past_its_deadline_is_found_as_expired_and_as_nothing_else(client, run):
    late = run(deadline=timezone.now() - timedelta(seconds=1))
    waiting = run()
    assert ids(client.get("/v1/tasks?status=expired")) == [late]
    assert ids(client.get("/v1/tasks?status=queued")) == [waiting]


def test_filters_narrow_together(client, run):
    wanted = run(
        status="succeeded", model_used="ok:1b", fallback_used=True, metadata={"a": "1", "b": "2"}
    )
    run(status="succeeded", model_used="ok:1b", metadata={"a": "1"})
    run(status="succeeded", model_used="ok:3b", fallback_used=True)
    query = "status=succeeded&model=ok:1b&fallback_used=true&metadata.a=1&metadata.b=2"
    assert ids(client.get(f"/v1/tasks?{query}")) == [wanted]


@pytest.mark.parametrize(("asked", "used"), [("ok", "ok:latest"), ("ok:latest", "ok")])
def test_a_model_is_found_with_and_without_its_latest_tag(client, run, asked, used):
    found = run(status="succeeded", model_used=used)
    assert ids(client.get(f"/v1/tasks?model={asked}")) == [found]


def test_the_time_span_holds_its_start_and_not_its_end(client, run):
    moment = timezone.now() - timedelta(hours=1)
    found = run(created_at=moment)
    run(created_at=moment + timedelta(minutes=1))
    span = {
        "created_after": moment.isoformat(),
        "created_before": (moment + timedelta(minutes=1)).isoformat(),
    }
    assert ids(client.get("/v1/tasks", span)) == [found]


@pytest.mark.parametrize(
    "query",
    [
        "stauts=failed",
        "status=done",
        "status=failed&status=queued",
        "created_after=yesterday",
        "retry_of=7",
        "user=x",
        "user=99999999999999999999",
        "metadata.a=%00",
        "task_type=%00",
    ],
)
def test_a_bad_filter_is_refused_by_name(client, query):
    answer = client.get(f"/v1/tasks?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["errors"]


def test_a_broken_cursor_is_not_found(client):
    assert client.get("/v1/tasks?cursor=nonsense").status_code == 404


def test_others_see_nothing_and_staff_see_all(client, run):
    made = run()
    users = get_user_model().objects
    assert ids(client_of(users.create_user("eve")).get("/v1/tasks")) == []
    staff = client_of(users.create_user("root", is_staff=True))
    assert ids(staff.get("/v1/tasks")) == [made]
    assert staff.get(f"/v1/tasks/{made}").status_code == 200


def test_a_filter_by_user_shows_nobody_elses_runs(client, run, person):
    run()
    eve = get_user_model().objects.create_user("eve")
    assert ids(client_of(eve).get(f"/v1/tasks?user={person.pk}")) == []


def test_a_list_takes_as_many_queries_for_one_run_as_for_ten(
    client, run, django_assert_num_queries
):
    run()
    with django_assert_num_queries(3):
        client.get("/v1/tasks")
    for _ in range(9):
        run()
    with django_assert_num_queries(3):
        assert len(ids(client.get("/v1/tasks"))) == 10


@pytest.mark.parametrize("address", ["/v1/tasks", "/v1/reports/weekly"])
def test_a_list_loads_no_payload(client, run, address):
    run(status="succeeded")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    assert not any('."payload"' in query["sql"] for query in queries)


def test_a_result_is_read_alone(client, run):
    made = run(status="succeeded", result={"content": "Hi."})
    assert client.get(f"/v1/tasks/{made}/result").json() == {"content": "Hi."}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "run_not_finished"),
        ({"status": "failed", "error": {"code": "x", "detail": "No."}}, "run_without_result"),
        ({"deadline": timezone.now()}, "run_without_result"),
    ],
)
def test_without_a_result_there_is_a_reason(client, run, fields, code):
    answer = client.get(f"/v1/tasks/{run(**fields)}/result")
    assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_a_retry_is_a_new_run_with_the_configuration_of_now(client, run):
    failed = run(status="failed", metadata={"a": "1"})
    client.put("/v1/users/llm-config", {"model": "ok:9b"})
    answer = client.post(f"/v1/tasks/{failed}/retry")
    assert answer.status_code == 202
    told = client.get(answer.headers["Location"]).json()
    assert told["retry_of"] == failed
    assert told["metadata"] == {"a": "1"}
    assert told["llm_config"]["model"] == "ok:9b"
    assert told["status"] == "queued"


def test_a_run_that_has_not_ended_is_not_retried(client, run):
    answer = client.post(f"/v1/tasks/{run()}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "run_not_finished")


def test_a_waiting_run_is_cancelled_and_stays_so(client, run):
    made = run()
    for _ in range(2):
        told = client.post(f"/v1/tasks/{made}/cancel").json()
        assert (told["status"], told["error"]["code"]) == ("cancelled", "cancelled")


def test_a_run_that_ended_is_not_cancelled(client, run):
    answer = client.post(f"/v1/tasks/{run(status='succeeded')}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "run_finished")


@pytest.mark.parametrize("path", ["result", "retry", "cancel"])
def test_somebody_elses_run_is_not_found_by_any_path(client, run, path):
    made = run(status="succeeded")
    eve = client_of(get_user_model().objects.create_user("eve"))
    assert (
        eve.generic("GET" if path == "result" else "POST", f"/v1/tasks/{made}/{path}").status_code
        == 404
    )


def test_notes_stand_beside_the_result(client, run):
    note = {"code": "entries_left_out", "detail": "2 of 9 entries were left out."}
    made = run(status="succeeded", result={"content": "Hi."}, notes=[note])
    told = client.get(f"/v1/tasks/{made}").json()
    assert (told["result"], told["notes"]) == ({"content": "Hi."}, [note])
    (listed,) = client.get("/v1/tasks").json()["results"]
    assert listed["notes"] == [note]
    assert client.get(f"/v1/tasks/{made}/result").json() == {"content": "Hi.", "notes": [note]}


def test_a_result_without_notes_has_none(client, run):
    assert client.get(f"/v1/tasks/{run(status='succeeded')}").json()["notes"] == []
