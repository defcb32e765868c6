"""What a model is asked for a report, or for a part of one.

The material is untrusted. It stands between two lines that nobody who wrote it could know: they
hold a number made from the run's id and the server's secret. The request says what is between
them, and in which language to write, which is the person's setting.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.crypto import salted_hmac
from django.utils.translation import get_language_info

from llmconfig.types import ResolvedConfig
from workers.models import TaskRun, WeeklyReport
from workers.prompts import Prompt, text_render
from workers.reports.parts import BYTES_PER_TOKEN, FRAME, LEAST_ROOM, Item, size, told
from workers.reports.weeks import week_parse
from workers.reports.windows import answer_tokens, window_tokens

WHOLE, PART, JOINED = "written", "part", "joined"
#: A summary of a part is this long at most: as many as this fit into one part of the next round.
MOST_WORDS, LEAST_WORDS = 200, 40
SUMMARIES_IN_A_PART = 6
BYTES_PER_WORD = 7

_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def prompt_of(
    shape: str,
    report: WeeklyReport,
    run: TaskRun,
    config: ResolvedConfig,
    items: Sequence[Item],
) -> Prompt:
    """The prompt of one shape about these items."""
    return _prompt(shape, report, run, config, told(items))


def room_of(shape: str, report: WeeklyReport, run: TaskRun, config: ResolvedConfig) -> int:
    """How many bytes of items a prompt of this shape has room for, in the smallest context of the
    models that may answer."""
    around = _prompt(shape, report, run, config, "")
    tokens = window_tokens(config) - answer_tokens(config)
    room = tokens * BYTES_PER_TOKEN - size(around.system) - size(around.user) - FRAME
    return max(room, LEAST_ROOM)


def language_told(tag: str) -> str:
    """The instruction to write in a language; in that of the material where the tag is none."""
    if not _TAG.fullmatch(tag):
        return "Write in the language of the material."
    try:
        name = f"{get_language_info(tag.lower())['name']} ({tag})"
    except KeyError:
        name = f"the language with the tag {tag}"
    return f"Write in {name}."


def delimiters(run: TaskRun, material: str) -> tuple[str, str]:
    """The lines before and after the material, in none of which it can have a part."""
    number, tried = "", 0
    while not number or number in material:
        number = _number(f"{run.pk} {tried}")
        tried += 1
    return f"=====BEGIN MATERIAL {number}=====", f"=====END MATERIAL {number}====="


def _number(text: str) -> str:
    return salted_hmac("workers.reports.material", text, algorithm="sha256").hexdigest()[:24]


def _prompt(
    shape: str, report: WeeklyReport, run: TaskRun, config: ResolvedConfig, material: str
) -> Prompt:
    begin, end = delimiters(run, material)
    week = week_parse(report.week)
    values: Mapping[str, Any] = {
        "begin": begin,
        "end": end,
        "material": material,
        "language": language_told(report.language),
        "week": week,
        "monday": week.monday,
        "sunday": week.sunday,
        "part": run.payload.get("part", 1),
        "parts": run.payload.get("parts", 1),
        "words": _words(config),
    }
    return Prompt(
        system=text_render("weekly_report/written_system.txt", values),
        user=text_render(f"weekly_report/{shape}.txt", values),
    )


def _words(config: ResolvedConfig) -> int:
    room = (window_tokens(config) - answer_tokens(config)) * BYTES_PER_TOKEN
    fitting = room // SUMMARIES_IN_A_PART // BYTES_PER_WORD
    return max(LEAST_WORDS, min(MOST_WORDS, fitting))
