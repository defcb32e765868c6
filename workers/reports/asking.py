"""Prompts of a report, or of a part of one.

The material is untrusted. It stands between two lines that nobody who wrote it could know: they
hold a number made from the run's id and the server's secret. The request says what is between
them, and in which language to write, which is the person's setting.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.crypto import salted_hmac
from django.utils.translation import get_language_info

from workers.reports.models import WeeklyReport
from workers.reports.parts import FRAME, LEAST_ROOM, Item, told
from workers.reports.weeks import Week, week_parse
from workers.runs.models import TaskRun
from workers.task_types.drafts import Draft
from workers.task_types.fitting import prompt_tokens_at_most
from workers.task_types.notes import Note
from workers.task_types.prompts import Prompt, text_render

WHOLE, PART, JOINED = "written", "part", "joined"
#: A summary of a part is this long at most: as many as this fit into one part of the next round.
MOST_WORDS, LEAST_WORDS = 200, 40
SUMMARIES_IN_A_PART = 6
TOKENS_PER_WORD = 3

_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What the prompts of one run have in common."""

    run: TaskRun
    #: Tokens of a prompt.
    budget: int
    #: None: entries of no stated week.
    week: Week | None = None
    #: A language tag, or "".
    language: str = ""
    #: Background to posted entries.
    context: str = ""

    @classmethod
    def of_report(cls, report: WeeklyReport, run: TaskRun, budget: int) -> "Asking":
        week = week_parse(report.week)
        return cls(run=run, budget=budget, week=week, language=report.language)

    def draft(self, shape: str, items: Sequence[Item], notes: Sequence[Note] = ()) -> Draft:
        """The prompt of one shape about these items, or about some of them."""
        return Draft(
            texts=[f"{item}\n" for item in items],
            dates=[item.date for item in items],
            render=lambda kept: self._prompt(shape, told([items[index] for index in kept])),
            of_summaries=shape == JOINED or self.run.payload.get("round", 1) > 1,
            notes=tuple(notes),
        )

    def room(self, shape: str) -> int:
        """How many tokens of items a prompt of this shape has room for."""
        around = self._prompt(shape, "")
        room = self.budget - prompt_tokens_at_most(around.system, around.user) - FRAME
        return max(room, LEAST_ROOM)

    def _prompt(self, shape: str, material: str) -> Prompt:
        begin, end = delimiters(self.run, material)
        values: Mapping[str, Any] = {
            "begin": begin,
            "end": end,
            "material": material,
            "context": self.context,
            "language": language_text(self.language),
            "week": self.week,
            "monday": self.week and self.week.monday,
            "sunday": self.week and self.week.sunday,
            "part": self.run.payload.get("part", 1),
            "parts": self.run.payload.get("parts", 1),
            "words": self._words(),
        }
        return Prompt(
            system=text_render("weekly_report/written_system.txt", values),
            user=text_render(f"weekly_report/{shape}.txt", values),
        )

    def _words(self) -> int:
        fitting = self.budget // SUMMARIES_IN_A_PART // TOKENS_PER_WORD
        return max(LEAST_WORDS, min(MOST_WORDS, fitting))


def language_text(tag: str) -> str:
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
