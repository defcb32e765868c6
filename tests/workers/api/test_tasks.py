"""``/v1/tasks`` as a client sees it."""

import json

import pytest
from django.contrib.auth import get_user_model
from knox.models import AuthToken
from rest_framework.test import APIClient

from workers.models import TaskRun

PROMPT = {"task_type": "TASK_TYPE_TEXT_GENERATION", "payload": {"prompt": "Say hello."}}


def client_of(user):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user=user)[1]}")
    return client


@pytest.fixture
def client(person, broker, ollama, transactional_db):
    return client_of(person)


def test_work_is_accepted_with_its_decision(client):
    answer = client.post("/v1/tasks", PROMPT)
    assert answer.status_code == 202
    body = answer.json()
    assert body.keys() == {"task_id", "status", "status_url", "llm_config"}
    assert body["status"] == "queued"
    assert body["status_url"] == f"/v1/tasks/{body['task_id']}"
    assert body["llm_config"]["model"] == "ok:3b"
    assert body["llm_config"]["origins"]["model"]["layer"] == "system"


def test_a_run_is_read_with_every_part_of_its_shape(client, celery_worker, finished):
    posted = client.post("/v1/tasks", {**PROMPT, "metadata": {"ticket": "A-1"}}).json()
    finished(TaskRun.objects.get(pk=posted["task_id"]))
    body = client.get(posted["status_url"]).json()
    assert body.keys() >= {
        "task_id", "task_type", "queue", "status", "result", "error", "model_used",
        "fallback_used", "llm_config", "attempts", "usage", "metadata", "created_at",
        "started_at", "finished_at", "retry_of", "parent_id",
    }  # fmt: skip
    assert body["status"] == "succeeded"
    assert body["result"]["content"]
    assert body["metadata"] == {"ticket": "A-1"}
    assert body["attempts"][0].keys() == {
        "number", "model", "host", "outcome", "reason", "count", "started_at", "duration_ms",
        "load_ms", "queue_ms", "first_token_ms", "prompt_tokens", "completion_tokens",
    }  # fmt: skip
    assert body["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"payload": {"prompt": "x"}}, 400, "invalid"),
        ({**PROMPT, "task_type": "TASK_TYPE_POETRY"}, 400, "unknown_task_type"),
        ({"task_type": "TASK_TYPE_TEXT_GENERATION"}, 400, "invalid"),
        ({**PROMPT, "payload": {}}, 400, "invalid_payload"),
        ({**PROMPT, "payload": "text"}, 400, "invalid_payload"),
        ({**PROMPT, "payload": {"prompt": "a" * 300_000}}, 413, "payload_too_large"),
        ({**PROMPT, "priority": "urgent"}, 400, "invalid"),
        ({**PROMPT, "metadata": {str(n): "x" for n in range(17)}}, 400, "invalid"),
        ({**PROMPT, "modle": "x"}, 400, "invalid"),
        ([], 400, "invalid"),
    ],
)
def test_bad_work_is_refused_with_a_problem_document(client, body, status, code):
    answer = client.post("/v1/tasks", body)
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert not TaskRun.objects.exists()


def test_a_task_may_state_its_own_model_unless_that_is_switched_off(client, settings):
    body = {**PROMPT, "llm": {"model": "ok:9b"}}
    told = client.post("/v1/tasks", body).json()["llm_config"]
    assert (told["model"], told["source"]) == ("ok:9b", "request")
    settings.LLM_ALLOW_REQUEST_LAYER = False
    answer = client.post("/v1/tasks", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "request_layer_not_permitted")


def test_a_shorter_deadline_is_taken_and_its_origin_told(client):
    told = client.post("/v1/tasks", {**PROMPT, "deadline_seconds": 5}).json()["llm_config"]
    assert told["deadline_seconds"] == 5
    assert told["origins"]["deadline_seconds"]["layer"] == "request"


def test_a_longer_deadline_than_the_configured_one_is_refused(client):
    answer = client.post("/v1/tasks", {**PROMPT, "deadline_seconds": 86_400})
    assert (answer.status_code, answer.json()["code"]) == (409, "deadline_too_long")


@pytest.mark.parametrize("path", ["/v1/nope", "/v1/tasks/", "/v1/", "/v1"])
def test_an_unknown_address_is_a_problem_document(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_host_that_is_not_served_here_is_answered_with_a_problem(client):
    answer = client.get("/v1/tasks", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_so_it_is_where_django_would_show_a_page_for_developers(client, settings):
    settings.DEBUG = True
    settings.MIDDLEWARE = ["config.problems.known_hosts", *settings.MIDDLEWARE]
    answer = client.get("/v1/tasks", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert "elsewhere.example" in answer.json()["detail"]


def test_an_unknown_task_type_is_answered_with_the_accepted_ones(client):
    answer = client.post("/v1/tasks", {**PROMPT, "task_type": "TASK_TYPE_POETRY"})
    assert "TASK_TYPE_WEEKLY_REPORT" in answer.json()["detail"]


@pytest.mark.parametrize("text", ["{", "", '{"a": NaN}', "[" * 100_000, "\xff"])
def test_a_body_that_is_no_json_is_refused(client, text):
    answer = client.post("/v1/tasks", text.encode("latin-1"), content_type="application/json")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("token", ["", "Token", "Token nonsense", "Bearer x", "Token " + "f" * 64])
def test_a_bad_token_is_401(broker, db, token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=token)
    answer = client.post("/v1/tasks", PROMPT)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Token"


def test_somebody_elses_run_is_not_found(client):
    posted = client.post("/v1/tasks", PROMPT).json()
    other = client_of(get_user_model().objects.create_user("eve"))
    assert other.get(posted["status_url"]).status_code == 404


@pytest.mark.parametrize("run_id", ["1", "nonsense", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_run_is_not_found(client, run_id):
    answer = client.get(f"/v1/tasks/{run_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_broker_that_is_down_loses_nothing(client, broker):
    url = broker.conf.broker_url
    broker.conf.broker_url = broker.conf.broker_write_url = "redis://127.0.0.1:9/0"
    _forget_connections(broker)
    try:
        answer = client.post("/v1/tasks", PROMPT)
    finally:
        broker.conf.broker_url = broker.conf.broker_write_url = url
        _forget_connections(broker)
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert TaskRun.objects.get().status == "pending"


def test_a_run_past_its_deadline_reads_as_expired(client):
    from datetime import timedelta

    from django.utils import timezone

    posted = client.post("/v1/tasks", PROMPT).json()
    TaskRun.objects.update(deadline=timezone.now() - timedelta(seconds=1))
    body = client.get(posted["status_url"]).json()
    assert body["status"] == "expired"
    assert body["error"]["code"] == "deadline_exceeded"


def test_reading_a_run_takes_two_queries_beside_the_token(client, django_assert_max_num_queries):
    posted = client.post("/v1/tasks", PROMPT).json()
    with django_assert_max_num_queries(4):
        client.get(posted["status_url"])


def test_submitting_takes_at_most_eight_queries_with_limits_and_audit_trail(
    client, settings, django_assert_max_num_queries
):
    settings.API_RATE_SUBMIT = "1000/min"
    client.post("/v1/tasks", PROMPT)
    with django_assert_max_num_queries(8):
        assert client.post("/v1/tasks", PROMPT).status_code == 202


def test_the_header_on_the_broker_is_the_decision_and_holds_no_prompt(client, broker):
    secret = "a prompt that nobody else shall read"
    posted = client.post("/v1/tasks", {**PROMPT, "payload": {"prompt": secret}}).json()
    with broker.connection_for_read() as connection:
        queue = broker.amqp.queues["llm.text_generation"](connection.default_channel)
        message = queue.get()
        message.ack()
    header = message.headers["llm_config"]
    assert header["run_id"] == posted["task_id"]
    assert header["model"] == "ok:3b"
    assert header["config_version"] == posted["llm_config"]["config_version"]
    assert len(json.dumps(header)) < 4096
    assert secret not in json.dumps(message.headers)
    assert secret not in json.dumps(message.payload)


def _forget_connections(app):
    import kombu.pools

    app.pool.force_close_all()
    app._pool = None
    app.amqp._producer_pool = None
    kombu.pools.reset()


@pytest.mark.parametrize(
    ("parked_on", "kind", "names"),
    [
        ("permit http://gpu:11434 qwen3:8b", "permit", ["http://gpu:11434", "qwen3:8b"]),
        ("http://gpu:11434", "host", ["http://gpu:11434"]),
        ("breaker big:7b small:1b", "breaker", ["big:7b", "small:1b"]),
        ("queue llm.text_generation", "queue", ["llm.text_generation"]),
    ],
)
def test_a_parked_task_says_what_it_waits_for(client, parked_on, kind, names):
    url = client.post("/v1/tasks", PROMPT).json()["status_url"]
    assert client.get(url).json()["waits_for"] is None
    TaskRun.objects.update(status="retrying", parked_on=parked_on, published_at=None)
    assert client.get(url).json()["waits_for"] == {"kind": kind, "names": names}
