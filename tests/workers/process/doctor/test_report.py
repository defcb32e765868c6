"""How the doctor's findings look."""

import json
from dataclasses import replace

from llmconfig.resolution.stated_models import StatedModel
from workers.gates.permits.selectors import PoolState
from workers.process.doctor.examination import examine
from workers.process.doctor.facts import Facts, Server, Worker
from workers.process.doctor.report import WIDTH, report_json, report_lines

FACTS = Facts(
    stated=(
        StatedModel(model="a:1", field="model", layer="system", place="llm.yaml:1"),
        StatedModel(model="missing-model:70b", field="model", layer="user", users=1),
        StatedModel(
            model="b:1", field="model", layer="tier", tier="premium " * 30, place="preference 1 v1"
        ),
    ),
    servers=(
        Server(host="http://h:1", version="0.9", models={"a:1": None}, loaded=frozenset({"a:1"})),
    ),
    workers=(
        Worker(name="text@a", state="live"),
        Worker(name="text@b", state="stopped"),
        Worker(name="text@c", state="gone", silent_seconds=60),
    ),
)


def told(facts):
    return [line for _kind, line in report_lines(facts, examine(facts))]


def test_the_head_tells_server_workers_and_models():
    assert told(FACTS)[:3] == [
        "Model server   http://h:1  0.9  1 model, 1 loaded",
        "Workers        1 live, 1 gone, 1 stopped",
        "Models         3 configured, 1 present",
    ]


def permits(**fields):
    facts = {"host": "http://h:1", "model": "a:1", "permits": 1, "stated": None, "held": 1}
    return PoolState(**{**facts, "waiting": 7, "queued_at": 2, **fields})


def test_the_head_shows_the_permits_of_each_model():
    lines = told(replace(FACTS, permits=(permits(), permits(model="b:1", stated=1))))
    assert "Permits        a:1  1 (learned), 1 held, 7 waiting" in lines
    assert "               b:1  1 (stated), 1 held, 7 waiting" in lines


def test_a_number_that_is_stated_too_high_is_a_finding():
    facts = replace(FACTS, permits=(permits(permits=1, stated=4), permits(model="b:1", stated=1)))
    [found] = [each for each in examine(facts) if each.code == "permits_overstated"]
    assert found.subject == "a:1 @ http://h:1"
    assert "4 at once are stated" in found.text


def test_findings_stand_in_two_columns_under_their_title():
    lines = told(FACTS)
    start = lines.index("Missing models")
    assert lines[start + 1].startswith("  b:1                tier premium")
    column = lines[start + 1].index("tier")
    assert [line[:column].strip() for line in lines[start + 2 : start + 4]] == ["", ""]
    assert "  missing-model:70b  1 user" in lines
    assert " " * column + "ollama pull missing-model:70b" in lines


def test_no_line_is_wider_than_a_terminal():
    assert max(map(len, told(FACTS))) <= WIDTH


def test_the_last_line_counts_what_is_wrong():
    assert told(FACTS)[-1] == "3 things are wrong."
    fine = Facts(servers=(Server(host="http://h:1"),))
    assert told(fine)[-1] == "Nothing is wrong."


def test_each_server_is_told_once_as_somebody_sees_it_whom_it_answers():
    away = Server(host="http://h:1", error="refused")
    seen = Server(host="http://h:1", seen_by="text@a", models={"a:1": None})
    lines = told(Facts(servers=(away, seen, Server(host="http://i:1", error="refused"))))
    assert lines[:2] == [
        "Model server   http://h:1  1 model, 0 loaded",
        "Model server   http://i:1  cannot be used: refused",
    ]


def test_programs_get_the_same_as_json():
    report = report_json(FACTS, examine(FACTS))
    assert json.loads(json.dumps(report)) == report
    assert report["ok"] is False
    assert {finding["code"] for finding in report["findings"]} == {"model_missing", "worker_gone"}
    assert {model["name"]: model["present"] for model in report["models"]} == {
        "a:1": True, "b:1": False, "missing-model:70b": False,
    }  # fmt: skip
    assert [worker["state"] for worker in report["workers"]] == ["live", "stopped", "gone"]
