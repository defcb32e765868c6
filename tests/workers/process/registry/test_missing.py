"""Which configured models a host lacks, and of which task types it can answer no run."""

from llmconfig.resolution.stated_models import StatedModel
from workers.process.registry.missing import Missing, missing_find

TEXT, REPORT = "TASK_TYPE_TEXT_GENERATION", "TASK_TYPE_WEEKLY_REPORT"


def stated(model, **more):
    return StatedModel(**{"model": model, "field": "model", "layer": "system", **more})


def config(model, fallback=""):
    return {"model": model, "fallback_model": fallback}


def test_a_model_in_another_spelling_is_there():
    found = missing_find([stated("Qwen3")], {TEXT: config("qwen3")}, {"qwen3:latest"})
    assert found == Missing()


def test_with_its_fallback_there_a_task_type_can_be_served():
    found = missing_find([stated("a:1"), stated("b:1")], {TEXT: config("a:1", "b:1")}, {"b:1"})
    assert found == Missing(models=("a:1",))


def test_with_neither_there_it_cannot():
    found = missing_find([stated("a:1"), stated("b:1")], {TEXT: config("a:1", "b:1")}, {"c:1"})
    assert found == Missing(models=("a:1", "b:1"), task_types=(TEXT,))


def test_where_no_model_is_allowed_it_cannot_either():
    assert missing_find([stated("a:1", allowed=False)], {TEXT: None}, {"a:1"}).task_types == (TEXT,)


def test_models_of_task_types_that_are_not_served_here_are_not_missed():
    others = stated("a:1", task_types=(REPORT,))
    assert missing_find([others], {TEXT: config("b:1")}, {"b:1"}) == Missing()
