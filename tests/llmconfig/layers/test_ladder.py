from dataclasses import dataclass, field
from typing import Any

from llmconfig.layers.document import Source
from llmconfig.layers.ladder import Rows, Tier, ladder
from llmconfig.values.types import Origin, Statement
from tests.llmconfig.conftest import INSIGHT, REPORT


@dataclass
class Row:
    place: str
    task_type: str | None = None
    fields: dict[str, Any] = field(default_factory=lambda: {"max_retries": 1})

    def stated(self):
        return self.fields


def retries(layer, place):
    return (Statement("max_retries", 1, Origin(layer, place)),)


def places(**given):
    arguments = {"sources": (), "defaults": {}, "rows": Rows(), "request": {}, **given}
    statements, _ = ladder(INSIGHT, **arguments)
    return [f"{stated.origin.layer} {stated.origin.place}" for stated in statements]


def source(name):
    return Source(
        system=retries("system", name),
        task_types={INSIGHT: retries("task_type", name), REPORT: retries("task_type", "other")},
        tiers={"premium": retries("tier", name)},
    )


def test_every_place_has_its_rung():
    standard = Tier(name="standard", rows=(Row("standard"),))
    premium = (Row("premium"), Row("premium insight", INSIGHT), Row("not this", REPORT))
    assert places(
        sources=[source("yaml"), source("env")],
        defaults={"max_retries": 1},
        rows=Rows(
            common=(Row("insight", INSIGHT), Row("everyone"), Row("not this", REPORT)),
            tiers=(standard, Tier(name="premium", rows=premium)),
            user=(Row("ada insight", INSIGHT), Row("ada")),
        ),
        request={"max_retries": 1},
    ) == [
        "system yaml",
        "system env",
        "system everyone",
        "task_type built-in",
        "task_type yaml",
        "task_type env",
        "task_type insight",
        "tier standard",
        "tier yaml",
        "tier env",
        "tier premium",
        "tier premium insight",
        "user ada",
        "user ada insight",
        "request request",
    ]  # fmt: skip


def test_a_row_that_became_invalid_is_skipped_field_by_field():
    row = Row(
        "preference 1 v1",
        fields={"model": "a b", "max_retries": 1, "parameters": {"top_k": -1, "seed": 7}},
    )
    statements, skipped = ladder(
        INSIGHT, sources=(), defaults={}, rows=Rows(user=(row,)), request={}
    )
    assert {stated.field: stated.value for stated in statements} == {
        "max_retries": 1,
        "parameters.seed": 7,
    }
    assert [(each.field, each.value, each.reason) for each in skipped] == [
        ("model", "a b", "invalid"),
        ("parameters.top_k", -1, "invalid"),
    ]
    told = [str(each.sentence) for each in skipped]
    assert told == [
        "'a b' is not valid; accepted: a model's name such as llama3.2:3b (without a blank);"
        " found: 'a b'",
        "-1 is not valid; accepted: a whole number from 0 to 1000",
    ]
