"""The line that a worker logs of its models when it starts."""

import pytest

from llmconfig.resolution.stated_models import StatedModel
from workers.process.doctor.summary import summary
from workers.process.registry.survey import HostReport

QUEUES = ("llm.text_generation", "llm.text_generation.low")


def stated(model, **more):
    return StatedModel(**{"model": model, "field": "model", "layer": "system", **more})


def report(*models, **more):
    told = tuple({"name": name, "capabilities": None, "loaded": False} for name in models)
    return HostReport(host="http://h:1", models=told, **more)


TIER = stated("qwen3:8b", layer="tier", tier="premium", place="preference 4 v2")


@pytest.mark.parametrize(
    ("uses", "seen", "line", "fine"),
    [
        ([stated("a:1")], report("a:1"), "Models: 1 configured, 1 present", True),
        (
            [stated("a:1"), TIER],
            report("a:1"),
            "Models: 2 configured, 1 present, missing: qwen3:8b (tier premium (preference 4 v2))",
            False,
        ),
        (
            [stated("a:1"), stated("b:1", allowed=False, users=3, layer="user")],
            report("a:1"),
            "Models: 1 configured, 1 present, not allowed: b:1 (3 users)",
            False,
        ),
        (
            [stated("a:1")],
            report(error="Ollama's host cannot be reached"),
            "Models: 1 configured; http://h:1: Ollama's host cannot be reached",
            False,
        ),
        (
            [stated("a:1"), stated("report:1", task_types=("TASK_TYPE_WEEKLY_REPORT",))],
            report("a:1"),
            "Models: 1 configured, 1 present",
            True,
        ),
    ],
    ids=["fine", "missing", "not allowed", "server away", "another worker's"],
)
def test_one_line_says_how_the_models_are(uses, seen, line, fine):
    assert summary(uses, seen, QUEUES) == (line, fine)
