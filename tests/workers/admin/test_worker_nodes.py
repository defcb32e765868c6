"""The admin of workers: to see which live, and how their models are."""

import uuid

import pytest

from workers.models import WorkerNode
from workers.process.registry.nodes import node_register, node_stop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("config_file")]

LIST = "/admin/workers/workernode/"
ONE = uuid.uuid4()


@pytest.fixture
def node():
    node_register(
        name="text@box",
        instance=ONE,
        version="1.2.3",
        queues=["llm.text_generation", "llm.text_generation.low"],
        host="http://gpu:11434",
        host_version="0.12.6",
        known_models=[
            {
                "name": "ok:3b",
                "size": 2_000_000_000,
                "digest": "0",
                "context_length": 131072,
                "capabilities": ["completion", "<b>magic</b>"],
                "loaded": True,
                "context_window": 8192,
            }
        ],
        default_config={"TASK_TYPE_TEXT_GENERATION": {"model": "ok:3b", "fallback_model": ""}},
        metrics_address="http://127.0.0.1:9464",
    )
    return WorkerNode.objects.get()


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_shows_which_workers_live(admin_client, node):
    told = page(admin_client, LIST)
    for text in ("text@box", "live", "1.2.3", "http://gpu:11434", "1, 1 loaded"):
        assert text in told


def test_a_worker_is_shown_with_its_metadata_and_whole_default_configuration(admin_client, node):
    config = {
        "model": "ok:3b", "fallback_model": "", "timeout_seconds": 45, "max_retries": 2,
        "first_token_timeout_seconds": None, "deadline_seconds": 600,
        "parameters": {"temperature": 0.3},
    }  # fmt: skip
    WorkerNode.objects.update(
        metadata={"rack": "b4"}, default_config={"TASK_TYPE_TEXT_GENERATION": config}
    )
    told = page(admin_client, f"{LIST}{node.pk}/change/")
    assert "timeout_seconds 45, max_retries 2, deadline_seconds 600" in told
    for text in ("{&quot;rack&quot;: &quot;b4&quot;}", "{&quot;temperature&quot;: 0.3}"):
        assert text in told


def test_workers_are_filtered_by_state(admin_client, node):
    node_stop(name="text@box", instance=ONE)
    assert "text@box" in page(admin_client, f"{LIST}?state=stopped")
    assert "text@box" not in page(admin_client, f"{LIST}?state=live")


def test_a_worker_is_shown_with_the_state_of_each_model(admin_client, node):
    told = page(admin_client, f"{LIST}{node.pk}/change/")
    for text in ("ok:3b", "loaded", "131,072", "1.9", "everyone (", "http://127.0.0.1:9464"):
        assert text in told
    missing = told[told.index(">ok:1b<") :]
    assert "missing" in missing[:200]
    assert "fallback of everyone" in missing[:900]


def test_what_a_model_server_tells_is_escaped(admin_client, node):
    told = page(admin_client, f"{LIST}{node.pk}/change/")
    assert "<b>magic" not in told
    assert "&lt;b&gt;magic" in told


def test_a_model_server_that_does_not_answer_is_told(admin_client, node):
    WorkerNode.objects.update(host_error="refused", default_config={"TASK_TYPE_X": None})
    assert "http://gpu:11434 (refused)" in page(admin_client, LIST)
    told = page(admin_client, f"{LIST}{node.pk}/change/")
    assert "model server does not answer" in told
    assert "no allowed model" in told


def test_nothing_can_be_changed(admin_client, node):
    assert admin_client.post(f"{LIST}{node.pk}/change/", {}).status_code == 403
    assert admin_client.get(f"{LIST}add/").status_code == 403


def test_the_list_takes_a_fixed_number_of_queries(
    admin_client, node, django_assert_max_num_queries
):
    for number in range(10):
        node_register(name=f"text{number}@box", instance=uuid.uuid4())
    with django_assert_max_num_queries(8):
        admin_client.get(LIST)


def test_each_models_window_is_shown_with_where_it_comes_from(admin_client, node):
    told = page(admin_client, f"{LIST}{node.pk}/change/")
    assert "8,192 (as it is loaded now)" in told
    assert "4,096 (Ollama&#x27;s default)" in told
