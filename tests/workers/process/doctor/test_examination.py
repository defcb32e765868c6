"""What the doctor finds wrong, and says of it."""

import pytest

from llmconfig.resolution.stated_models import StatedModel
from llmconfig.resolution.unnamed_params import UnnamedParams
from llmconfig.values.windows import Window, WindowSource
from workers.process.doctor.examination import TITLES, examine
from workers.process.doctor.facts import Facts, Finding, Server, Worker

HERE, THERE = "http://here:11434", "http://there:11434"
REPORT, TEXT = "TASK_TYPE_WEEKLY_REPORT", "TASK_TYPE_TEXT_GENERATION"


def stated(model, field="model", layer="system", place="llm.yaml:1", **more):
    return StatedModel(model=model, field=field, layer=layer, place=place, **more)


def server(*models, host=HERE, **more):
    return Server(host=host, models={**dict.fromkeys(models), **more.pop("able", {})}, **more)


def found(code=None, **facts):
    findings = [f for f in examine(Facts(**facts)) if code in (None, f.code)]
    return [(f.subject, f.text) for f in findings]


def test_nothing_is_wrong_where_every_model_is_present():
    assert (
        found(stated=(stated("a:1"), stated("qwen3")), servers=(server("a:1", "qwen3:latest"),))
        == []
    )


def test_what_the_check_of_an_app_finds_is_listed():
    waiting = Finding(code="mails_waiting", subject="mail", text="2 mails wait: 550 no")
    assert found("mails_waiting", extra=(waiting,)) == [("mail", "2 mails wait: 550 no")]


def test_a_missing_model_is_told_with_its_users_and_how_to_get_it():
    (finding,) = examine(
        Facts(
            stated=(
                stated("a:1", layer="tier", tier="premium", place="preference 4 v2"),
                stated("a:1", "fallback_model", task_types=(REPORT,), place="llm.yaml:9"),
                stated("a:1", layer="user", place="", users=12),
            ),
            servers=(server("b:1"),),
        ),
        names_of=lambda model: ["ada", "bob", "eve"],
    )
    assert (finding.code, finding.subject) == ("model_missing", "a:1")
    assert finding.text == (
        "tier premium (preference 4 v2), fallback of weekly_report (llm.yaml:9), "
        "12 users (ada, bob, eve, …)"
    )
    assert finding.commands == ("ollama pull a:1",)


def test_a_model_is_missed_only_where_it_is_needed():
    servers = (
        server("a:1", task_types=frozenset({TEXT}), seen_by="text@x"),
        server("b:1", host=THERE, task_types=frozenset({REPORT}), seen_by="report@x"),
    )
    uses = (stated("a:1", task_types=(TEXT,)), stated("b:1", task_types=(REPORT,)))
    assert found(stated=uses, servers=servers) == []
    assert found(stated=(stated("a:1"),), servers=servers) == [
        ("a:1", f"not on {THERE}: everyone (llm.yaml:1)")
    ]


@pytest.mark.parametrize(
    ("spelling", "pulled"),
    [
        ("library/Qwen3:8B", "qwen3:8b"),
        ("hf.co/User/Model-GGUF:Q4", "hf.co/User/Model-GGUF:Q4"),
    ],
)
def test_a_model_of_another_host_is_pulled_as_it_is_spelled(spelling, pulled):
    (finding,) = examine(Facts(stated=(stated(spelling),), servers=(server("b:1"),)))
    assert finding.commands == (f"ollama pull {pulled}",)


def test_a_configured_model_that_cannot_be_used_is_a_finding_with_host_and_reason():
    broken = server("a:1", "b:1", faults={"a:1": "HTTP 500", "b:1": "HTTP 500"})
    assert found(stated=(stated("A:1"),), servers=(broken,)) == [
        ("a:1", f"{HERE}: HTTP 500; everyone (llm.yaml:1)")
    ]


def test_parameters_of_a_model_that_nothing_names_are_told_with_their_place_and_the_nearest_name():
    unnamed = (
        UnnamedParams(model="qwen3:8", place="llm.yaml:2", nearest="qwen3:8b"),
        UnnamedParams(model="x:1", place="LLM_MODEL_PARAMS", nearest=""),
    )
    assert found("model_params_unnamed", unnamed_params=unnamed) == [
        ("qwen3:8", "llm.yaml:2; the nearest name is qwen3:8b"),
        ("x:1", "LLM_MODEL_PARAMS"),
    ]


def test_with_several_servers_the_command_names_the_one_that_lacks_the_model():
    servers = (server("a:1"), server(host=THERE, seen_by="text@x"))
    (finding,) = examine(Facts(stated=(stated("a:1"),), servers=servers))
    assert finding.commands == (f"OLLAMA_HOST={THERE} ollama pull a:1",)


def test_a_server_that_does_not_answer_is_told_and_its_models_are_not_missed():
    assert found(stated=(stated("a:1"),), servers=(server(error="refused"),)) == [
        (HERE, "here: refused")
    ]


def test_a_server_that_workers_reach_need_not_be_reached_from_here():
    reached = server("a:1", seen_by="text@x")
    assert found(servers=(server(error="refused"), reached)) == []
    assert found(servers=(server("a:1"), server(error="refused", seen_by="text@x"))) == [
        (HERE, "from text@x: refused")
    ]


@pytest.mark.parametrize(
    ("abilities", "wrong"),
    [(("embedding",), True), ((), True), (("completion", "vision"), False), (None, False)],
)
def test_a_model_that_cannot_write_text_is_told_where_that_is_known(abilities, wrong):
    servers = (server(able={"a:1": abilities}),)
    told = found("model_incapable", stated=(stated("a:1"),), servers=servers)
    assert [subject for subject, _ in told] == (["a:1"] if wrong else [])


def test_a_model_that_policy_refuses_is_told_as_that_and_not_as_missing():
    uses = (stated("a:1", allowed=False), stated("b:1"))
    assert found(stated=uses, servers=(server("b:1"),)) == [("a:1", "everyone (llm.yaml:1)")]
    assert examine(Facts(stated=uses))[0].code == "model_not_allowed"


def test_rows_of_unregistered_types_are_counted():
    assert found(ignored_rows={"TASK_TYPE_OLD": 2}) == [("TASK_TYPE_OLD", "2 rows")]


def test_workers_of_one_queue_with_different_models_are_told_once():
    queues = ("llm.text_generation", "llm.text_generation.low")
    workers = tuple(Worker(name=f"text@{n}", state="live", queues=queues) for n in "ab")
    servers = (server("a:1", "b:1", seen_by="text@a"), server("a:1", seen_by="text@b"))
    assert found(workers=workers, servers=servers) == [("llm.text_generation", "text@b lacks b:1")]


def test_workers_of_different_queues_may_differ():
    workers = (
        Worker(name="text@a", state="live", queues=("llm.text_generation",)),
        Worker(name="report@a", state="live", queues=("llm.weekly_report",)),
    )
    servers = (server("a:1", seen_by="text@a"), server("b:1", seen_by="report@a"))
    assert found(workers=workers, servers=servers) == []


@pytest.mark.parametrize(("state", "told"), [("gone", 1), ("live", 0), ("stopped", 0)])
def test_a_worker_that_fell_silent_is_told_and_one_that_stopped_is_not(state, told):
    worker = Worker(name="text@a", state=state, silent_seconds=200)
    assert found(workers=(worker,)) == [("text@a", "no heartbeat for 3 minutes")] * told


def test_what_could_not_be_gathered_comes_first():
    problem = Finding(code="database_unusable", subject="database", text="refused")
    findings = examine(Facts(problems=(problem,), ignored_rows={"TASK_TYPE_OLD": 1}))
    assert findings[0] is problem
    assert {finding.code for finding in findings} <= TITLES.keys()


@pytest.mark.parametrize(
    ("source", "place", "reason"),
    [
        (WindowSource.DEFAULT, "Ollama's default", "Ollama's default"),
        (WindowSource.STATED, "llm.yaml:3", "stated in llm.yaml:3"),
        (WindowSource.LOADED, "", "as it is loaded now"),
    ],
)
def test_a_model_that_could_hold_longer_prompts_is_a_warning(source, place, reason):
    window = Window(tokens=4096, source=source, place=place)
    (finding,) = examine(
        Facts(
            stated=(stated("a:1"),),
            servers=(server("a:1", trained={"a:1": 8192}),),
            windows={"a:1": window},
        )
    )
    assert (finding.code, finding.subject, finding.is_warning) == ("window_small", "a:1", True)
    assert finding.text.startswith(f"4096 tokens ({reason}), trained for 8192. In model_params")
    assert finding.commands == ('"a:1": {context_window: 8192}',)


@pytest.mark.parametrize("trained", [{}, {"a:1": 4096}, {"a:1": 2048}, {"b:1": 8192}], ids=str)
def test_a_model_that_is_given_what_it_can_hold_is_none(trained):
    window = Window(tokens=4096, source=WindowSource.DEFAULT, place="")
    facts = {"stated": (stated("a:1"),), "servers": (server("a:1", trained=trained),)}
    assert found(windows={"a:1": window}, **facts) == []
