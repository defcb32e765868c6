"""Facts are told to people in tables."""

from workers.reports.delivery.figures import tables_of

FACTS = {
    "runs": {
        "total": 13,
        "by_task_type": {
            "TASK_TYPE_DATA_ANALYSIS": {"succeeded": 1},
            "TASK_TYPE_INSIGHT_GENERATION": {"failed": 2, "succeeded": 10},
        },
    },
    "models": [
        {
            "model": "ok:3b",
            "attempts": 14,
            "answers": 11,
            "prompt_tokens": 12_000,
            "completion_tokens": 345,
            "model_seconds": 71.26,
        }
    ],
    "fallbacks": [
        {"from": "ok:3b", "to": "ok:1b", "outcome": "slow", "cause": "slow_start", "runs": 2},
        {"from": "ok:3b", "to": "ok:1b", "outcome": "skipped", "cause": None, "runs": 1},
    ],
    "usage": {"prompt_tokens": 12_000, "completion_tokens": 345},
    "model_seconds": 71.26,
    "feedback": {"good": 3, "bad": 0},
}


def test_every_fact_has_its_line():
    told = {table.title: dict(table.rows) for table in tables_of(FACTS)}
    assert told == {
        "Tasks": {"data analysis": "1", "insight generation": "12 (2 failed)"},
        "Models": {"ok:3b": "11 answers, 12,345 tokens, 71.3 s"},
        "Fallbacks": {"ok:3b → ok:1b: slow start": "2", "ok:3b → ok:1b: skipped": "1"},
        "In all": {
            "Tokens read": "12,000",
            "Tokens written": "345",
            "Time of models": "71.3 s",
            "Judged good": "3",
        },
    }


def test_a_report_from_before_facts_has_no_tables():
    assert tables_of({}) == []
