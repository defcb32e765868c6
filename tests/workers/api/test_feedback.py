"""``/v1/tasks/{id}/feedback``: one judgement of a result, kept with what made it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.workers.api.test_tasks import PROMPT, client_of
from workers.models import Feedback, TaskRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(person):
    now = timezone.now()
    return TaskRun.objects.create(
        user=person,
        task_type=PROMPT["task_type"],
        queue="llm.text_generation",
        payload=PROMPT["payload"],
        llm_config={"source": "user", "origins": {"model": {"layer": "tier", "place": "?"}}},
        deadline=now,
        status="succeeded",
        finished_at=now,
        result={"content": "Hello."},
        model_used="ok:1b",
        fallback_used=True,
    )


@pytest.fixture
def client(person):
    return client_of(person)


def give(client, run, **body):
    return client.post(f"/v1/tasks/{run.pk}/feedback", body)


def test_it_is_kept_with_the_model_that_answered(client, run, person):
    answer = give(client, run, rating=-1, comment="Too short.")
    assert answer.status_code == 200
    told = answer.json()
    assert told.pop("created_at")
    assert told.pop("updated_at")
    assert told == {
        "rating": -1,
        "comment": "Too short.",
        "model": "ok:1b",
        "fallback_used": True,
        "source": "tier",
    }
    assert Feedback.objects.get().user == person


def test_a_layer_that_a_foreign_producer_made_up_is_kept_as_far_as_it_fits(client, run):
    TaskRun.objects.update(llm_config={"origins": {"model": {"layer": "made up " * 20}}})
    answer = give(client, run, rating=1)
    assert (answer.status_code, answer.json()["source"]) == (200, "made up " * 5)


def test_what_is_given_first_was_given_and_changed_at_one_moment(client, run):
    told = give(client, run, rating=1).json()
    assert told["created_at"] == told["updated_at"]


def test_the_run_tells_it(client, run):
    assert client.get(f"/v1/tasks/{run.pk}").json()["feedback"] is None
    given = give(client, run, rating=1).json()
    assert client.get(f"/v1/tasks/{run.pk}").json()["feedback"] == given
    assert client.get("/v1/tasks").json()["results"][0]["feedback"] == given


def test_given_once_more_it_replaces_the_first(client, run):
    first = give(client, run, rating=1, comment="Good.").json()
    second = give(client, run, rating=-1, comment="").json()
    assert (second["rating"], second["comment"]) == (-1, "")
    assert second["created_at"] == first["created_at"]
    assert second["updated_at"] > first["updated_at"]
    assert Feedback.objects.count() == 1


def test_it_can_be_withdrawn_once(client, run):
    give(client, run, rating=1)
    assert client.delete(f"/v1/tasks/{run.pk}/feedback").status_code == 204
    assert client.get(f"/v1/tasks/{run.pk}").json()["feedback"] is None
    answer = client.delete(f"/v1/tasks/{run.pk}/feedback")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_feedback")


@pytest.mark.django_db(transaction=True)
def test_given_and_withdrawn_by_many_at_once_each_is_done_or_finds_none(client, run):
    def judge(number):
        try:
            if number % 3:
                return give(client, run, rating=1).status_code
            return client.delete(f"/v1/tasks/{run.pk}/feedback").status_code
        finally:
            connection.close()

    client.raise_request_exception = False
    with ThreadPoolExecutor(8) as threads:
        statuses = set(threads.map(judge, range(120)))
    assert statuses <= {200, 204, 404}
    assert Feedback.objects.count() <= 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rating": 0},
        {"rating": 2},
        {"rating": "1"},
        {"rating": True},
        {"rating": [1]},
        {"rating": None},
        {"rating": 1, "comment": 5},
        {"rating": 1, "comment": None},
        {"rating": 1, "comment": "x" * 2001},
        {"rating": 1, "comment": "\0"},
        {"rating": 1, "stars": 5},
    ],
    ids=str,
)
def test_what_is_no_feedback_is_refused(client, run, body):
    answer = give(client, run, **body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    ("status", "code"), [("queued", "run_not_finished"), ("failed", "run_without_result")]
)
def test_without_a_result_there_is_nothing_to_judge(client, run, status, code):
    later = timezone.now() + timedelta(hours=1)
    ended = None if status == "queued" else timezone.now()
    TaskRun.objects.update(status=status, deadline=later, finished_at=ended, result=None)
    answer = give(client, run, rating=1)
    assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_the_result_of_somebody_else_is_not_found(run):
    eve = client_of(get_user_model().objects.create_user("eve"))
    assert give(eve, run, rating=1).status_code == 404
    assert eve.delete(f"/v1/tasks/{run.pk}/feedback").status_code == 404


def test_staff_judge_no_result_of_others(client, run):
    staff = client_of(get_user_model().objects.create_user("root", is_staff=True))
    give(client, run, rating=1)
    for answer in (give(staff, run, rating=-1), staff.delete(f"/v1/tasks/{run.pk}/feedback")):
        assert (answer.status_code, answer.json()["code"]) == (409, "feedback_not_yours")
    assert Feedback.objects.get().rating == 1


def test_staff_judge_what_is_nobodys(run):
    TaskRun.objects.update(user=None)
    staff = client_of(get_user_model().objects.create_user("root", is_staff=True))
    assert give(staff, run, rating=-1).status_code == 200


def test_a_list_with_feedback_takes_no_more_queries(client, run):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get("/v1/tasks")
        return len(captured)

    without = queries()
    give(client, run, rating=1)
    assert queries() == without > 0


def test_staff_read_it_in_the_admin(client, run, admin_client):
    give(client, run, rating=-1, comment="<b>Too short.</b>")
    for address in ("feedback/", f"feedback/{Feedback.objects.get().pk}/change/"):
        page = admin_client.get(f"/admin/workers/{address}").content.decode()
        assert "&lt;b&gt;Too short." in page
        assert "ok:1b" in page
    page = admin_client.get(f"/admin/workers/taskrun/{run.pk}/change/").content.decode()
    assert "&lt;b&gt;Too short." in page


def test_nobody_changes_it_in_the_admin(client, run, admin_client):
    give(client, run, rating=1)
    address = f"/admin/workers/feedback/{Feedback.objects.get().pk}/change/"
    assert admin_client.post(address, {"rating": -1}).status_code == 403
    assert admin_client.get("/admin/workers/feedback/add/").status_code == 403
