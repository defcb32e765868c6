"""``POST /v1/tasks/batch``: each task is accepted or refused for itself, all in one answer."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.workers.api.test_tasks import PROMPT, client_of
from tests.workers.submission.test_bulk_enqueue import queued
from workers.models import KeptAnswer, TaskRun
from workers.process.sweeper import sweep
from workers.tasks import prune


@pytest.fixture
def client(person, broker, ollama, transactional_db):
    return client_of(person)


def post(client, tasks, key=None):
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/v1/tasks/batch", {"tasks": tasks}, headers=headers)


def codes(answer):
    return [item.get("error", {}).get("code") for item in answer.json()["tasks"]]


def test_each_task_is_answered_in_its_place(client, person, broker):
    answer = post(client, [PROMPT, {**PROMPT, "metadata": {"n": "1"}, "priority": "low"}])
    assert answer.status_code == 202
    first, second = answer.json()["tasks"]
    runs = {str(run.pk): run for run in TaskRun.objects.all()}
    assert first == {
        "index": 0,
        "task_id": first["task_id"],
        "status_url": f"/v1/tasks/{first['task_id']}",
    }
    assert runs.keys() == {first["task_id"], second["task_id"]}
    run = runs[second["task_id"]]
    assert (run.user, run.metadata, run.queue) == (person, {"n": "1"}, "llm.text_generation.low")
    assert client.get(second["status_url"]).json()["status"] == "queued"
    assert (len(queued(broker)), len(queued(broker, run.queue))) == (1, 1)


WRONG = [
    "no object",
    ["no object"],
    {**PROMPT, "colour": "blue"},
    {"task_type": "TASK_TYPE_NONE", "payload": {}},
    {**PROMPT, "payload": {"prompt": ""}},
    {**PROMPT, "payload": {"prompt": "x" * 300_000}},
    {**PROMPT, "deadline_seconds": 86_400},
    {**PROMPT, "llm": {"model": "other:1b"}},
    {**PROMPT, "metadata": {"n": 1, "nul": "\0"}},
]


def test_each_refusal_is_the_one_that_a_single_task_would_get(client, settings):
    settings.LLM_ALLOW_REQUEST_LAYER = False
    answer = post(client, [*WRONG, PROMPT])
    assert answer.status_code == 202
    *refused, accepted = answer.json()["tasks"]
    assert [item["index"] for item in refused] == list(range(len(WRONG)))
    for task, item in zip(WRONG, refused, strict=True):
        assert item["error"] == client.post("/v1/tasks", task).json()
    assert TaskRun.objects.get().pk == TaskRun.objects.get(pk=accepted["task_id"]).pk


#: What no UTF-8 and no database holds, as a value and as a name.
UNSAYABLE = [{**PROMPT, "priority": text} for text in ("\ud800", "\0")] + [
    {**PROMPT, text: 1} for text in ("\ud800", "\0")
]


def asked(client, path, body, key=None):
    """As others' programs write JSON: in ASCII, with escapes."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


@pytest.mark.parametrize("key", [None, "k"])
def test_what_a_refusal_repeats_of_a_task_harms_neither_the_answer_nor_its_being_kept(client, key):
    batch = {"tasks": [*UNSAYABLE, PROMPT]}
    answers = [asked(client, "/v1/tasks/batch", batch, key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    *refused, accepted = answers[0].json()["tasks"]
    alone = [asked(client, "/v1/tasks", task).json() for task in UNSAYABLE]
    assert [item["error"] for item in refused] == alone
    is_same = answers[1].json()["tasks"][-1] == accepted
    assert (is_same, TaskRun.objects.count()) == ((True, 1) if key else (False, 2))


def test_where_all_are_refused_the_answer_has_the_same_form(client):
    answer = post(client, [{}, None])
    assert (answer.status_code, codes(answer)) == (202, ["invalid", "invalid"])


@pytest.mark.parametrize(
    "body",
    [[], {}, {"tasks": []}, {"tasks": [PROMPT] * 1001}, {"tasks": [PROMPT], "more": 1}, "x"],
    ids=["list", "empty", "none", "too many", "unknown key", "text"],
)
def test_what_is_no_batch_is_refused_whole(client, body):
    answer = client.post("/v1/tasks/batch", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not TaskRun.objects.exists()


def test_a_batch_may_have_eight_megabytes_and_no_more(client):
    task = {**PROMPT, "payload": {"prompt": "x" * 200_000}}
    assert codes(post(client, [task] * 40)) == [None] * 40
    answer = post(client, [task] * 42)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_the_first_that_fit_are_accepted(client, settings):
    settings.API_MAX_ACTIVE_RUNS = 3
    client.post("/v1/tasks", PROMPT)
    assert codes(post(client, [PROMPT, {}, PROMPT, PROMPT])) == [
        None,
        "invalid",
        None,
        "too_many_active_runs",
    ]


def test_batches_at_once_do_not_get_past_the_limit(client, settings):
    settings.API_MAX_ACTIVE_RUNS = 50

    def send(number):
        try:
            return codes(post(client, [PROMPT] * 20, key=f"k{number}" if number % 2 else None))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        told = [code for answer in threads.map(send, range(6)) for code in answer]
    assert (told.count(None), told.count("too_many_active_runs")) == (50, 70)
    assert TaskRun.objects.count() == 50


def test_a_thousand_cost_few_queries(client):
    with CaptureQueriesContext(connection) as queries:
        answer = post(client, [PROMPT] * 1000)
    assert codes(answer) == [None] * 1000
    assert TaskRun.objects.filter(status="queued").count() == 1000
    # Knowing who calls, one decision, room, the users; and four for each 500 that are sent.
    told = [query["sql"] for query in queries if query["sql"] not in ("BEGIN", "COMMIT")]
    assert len(told) < 20, "\n".join(sql[:100] for sql in told)


def test_a_batch_is_answered_while_the_broker_is_away_and_sent_later(client, wire):
    wire.cut()
    assert codes(post(client, [PROMPT] * 3)) == [None] * 3
    assert set(TaskRun.objects.values_list("status", flat=True)) == {"pending"}
    wire.mend()
    assert sweep() == 3


def test_nothing_is_stored_of_a_batch_that_fails_in_the_middle(client, monkeypatch):
    from workers.submission import bulk_enqueue

    stored = bulk_enqueue.rows_copy

    def fail(rows):
        stored(rows)
        if TaskRun.objects.count() > 1:
            raise ZeroDivisionError

    monkeypatch.setattr(bulk_enqueue, "CHUNK", 1)
    monkeypatch.setattr(bulk_enqueue, "rows_copy", fail)
    client.raise_request_exception = False
    assert post(client, [PROMPT] * 3).status_code == 500
    assert not TaskRun.objects.exists()


def test_the_same_key_and_batch_have_the_same_answer(client, broker):
    first, again = (post(client, [PROMPT, {}], key="k") for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert TaskRun.objects.count() == len(queued(broker)) == 1


def test_another_batch_with_the_same_key_is_refused(client):
    post(client, [PROMPT], key="k")
    answer = post(client, [PROMPT, PROMPT], key="k")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")
    assert TaskRun.objects.count() == 1


def test_keys_of_batches_are_apart_from_keys_of_tasks(client):
    assert client.post("/v1/tasks", PROMPT, headers={"Idempotency-Key": "k"}).status_code == 202
    assert codes(post(client, [PROMPT], key="k")) == [None]
    assert TaskRun.objects.count() == 2


def test_many_connections_with_one_key_at_once_submit_once(client):
    def send(_):
        try:
            return json.dumps(post(client, [PROMPT] * 10, key="k").json())
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(send, range(16)))
    assert len(answers) == 1
    assert TaskRun.objects.count() == 10


def test_after_a_day_the_key_is_free_and_its_answer_gone(client):
    post(client, [PROMPT], key="k")
    post(client, [PROMPT], key="l")
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert post(client, [PROMPT, PROMPT], key="k").status_code == 202
    assert KeptAnswer.objects.count() == 2
    prune()
    assert KeptAnswer.objects.count() == 1


def test_a_key_that_is_none_is_refused(client):
    assert post(client, [PROMPT], key="k" * 256).json()["code"] == "invalid_idempotency_key"
