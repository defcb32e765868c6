"""Rounds of parts: material that does not fit a prompt is summarised in parts.

Each part is a run with its own share of the material. When all have ended, the text is written from
their summaries, in as many rounds as it takes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from workers.reports import asking
from workers.reports.asking import Asking
from workers.reports.parts import Item, divide
from workers.runs.models import TaskRun
from workers.submission.children import PART, PARTS, Round, round_of
from workers.task_types.drafts import Draft
from workers.task_types.fitting import prompt_tokens_at_most
from workers.task_types.notes import Note, of_part
from workers.task_types.preparation import Division, Refused

#: Each round has a fraction of the parts of the one before: more is a model that does not shorten.
MOST_ROUNDS = 6


def round_prepare(
    asked: Asking,
    items: Callable[[], Sequence[Item]],
    *,
    whole: Callable[[Sequence[Item]], Draft],
    named: Mapping[str, Any],
) -> Draft | Division:
    """What a run with parts, or one of these, comes to.

    ``items``: the material; ``whole``: the prompt where all of it fits; ``named``: what the payload
    of each part has beside its share. Raises ``Refused``.
    """
    run = asked.run
    if PART in run.payload:
        return asked.draft(asking.PART, [Item(**item) for item in run.payload["items"]])
    done = round_of(run)
    if done.is_open:
        return Division(round=done.number)
    material = _summaries(done) if done.number else items()
    joins = bool(done.number)
    draft = asked.draft(asking.JOINED, material, _notes(run)) if joins else whole(material)
    if _fits(draft, asked):
        return draft
    return _division(done, divide(material, asked.room(asking.PART)), named)


def _fits(draft: Draft, asked: Asking) -> bool:
    prompt = draft.render(range(len(draft.texts)))
    return prompt_tokens_at_most(prompt.system, prompt.user) <= asked.budget


def _summaries(done: Round) -> list[Item]:
    return [
        Item(text=(child.result or {})["content"], label=f"part {number}")
        for number, child in enumerate(done.children, start=1)
    ]


def _notes(run: TaskRun) -> list[Note]:
    """Those of all parts, by which the whole is no more complete than they are."""
    children = TaskRun.objects.filter(parent=run.pk).exclude(notes=[]).order_by("created_at", "pk")
    return [
        of_part(note, child.payload[PART], child.payload[PARTS])
        for child in children
        for note in child.notes
    ]


def _division(done: Round, parts: Sequence[Sequence[Item]], named: Mapping[str, Any]) -> Division:
    if done.number and (done.number >= MOST_ROUNDS or len(parts) >= len(done.children)):
        detail = _("The summaries of the parts are too long to be joined.")
        raise Refused("week_too_long", detail)
    return Division(
        round=done.number + 1,
        payloads=[{**named, "items": [vars(item) for item in part]} for part in parts],
    )
