"""Writes what this release sends and stores, to be kept for the next one (docs/how-to/deploy.md).

Run it by name when a release is made: ``python -m pytest tests/workers/releases/record.py``.
"""

import json
import tomllib
from pathlib import Path

import pytest

from config.env import PROJECT
from llmconfig.models import Preference
from workers.models import TaskRun
from workers.submission.enqueue import enqueue, enqueue_signature

CONFIG = """\
default: {model: "ok:3b", fallback_model: "ok:1b", timeout: "60s", parameters: {temperature: 0.7}}
task_types:
  TASK_TYPE_INSIGHT_GENERATION: {timeout: "45s", parameters: {max_tokens: 512, stop: ["END"]}}
  TASK_TYPE_WEEKLY_REPORT: {model: "ok:7b", timeout: "120s", max_retries: 3}
model_params: {"ok:3b": {top_p: 0.9, context_window: 4096}}
"""
ENTRIES = {"entries": [{"date": "2026-11-16", "text": "Fixed the login"}, "Reviewed two changes"]}
PAYLOADS = {
    "data_analysis": ENTRIES,
    "insight_generation": ENTRIES,
    "text_generation": {"prompt": "Say hello."},
    "weekly_report": ENTRIES,
}


@pytest.fixture
def write(transactional_db, broker, ollama, person, config_file, tmp_path):
    """Writes the message that lies on the broker, and its row, to a file of this name."""
    config_file(CONFIG)
    Preference.objects.create(user=person, max_retries=1, parameters={"temperature": 0.2})
    release = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    folder = Path(__file__).parent / release
    folder.mkdir(exist_ok=True)

    def write_one(name, queue, row=None):
        kept = {"message": _taken(broker, queue), "row": row}
        text = json.dumps(kept, default=str, indent=1, sort_keys=True)
        path = folder / f"{name}.json"
        assert not path.exists(), f"{path} is kept as it is; raise the version first"
        path.write_text(text.replace(str(tmp_path), "/srv/llmconfig") + "\n")

    return write_one


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_run(write, person, name):
    run = enqueue(task_type=f"TASK_TYPE_{name.upper()}", payload=PAYLOADS[name], user_id=person.pk)
    run.refresh_from_db()
    row = {field.attname: getattr(run, field.attname) for field in TaskRun._meta.concrete_fields}
    write(name, run.queue, row)


def test_a_canvas(write, person):
    enqueue_signature(
        task_type="TASK_TYPE_INSIGHT_GENERATION", payload=ENTRIES, user_id=person.pk
    ).apply_async()
    write("insight_generation_without_row", "llm.insight_generation")


def _taken(broker, queue):
    with broker.connection_for_read() as connection:
        message = broker.amqp.queues[queue](connection.default_channel).get()
        message.ack()
        return {
            "queue": queue,
            "headers": message.headers,
            "body": message.payload,
            "correlation_id": message.properties["correlation_id"],
            "content_type": message.content_type,
            "content_encoding": message.content_encoding,
        }
