"""Notes on a run: how its result was made, for its reader."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

#: As they are stored and sent: ``code``, a stable word, and ``detail``, a sentence.
Note = dict[str, str]

ENTRIES_LEFT_OUT = "entries_left_out"


def entries_left_out(
    left: int, entries: int, *, of_summaries: bool, model: str, window: int
) -> Note:
    """Entries that a prompt had no room for, the oldest first; ``window`` in tokens."""
    counted = _summaries_counted(left) if of_summaries else _entries_counted(left)
    why = _("together they do not fit the context of %(model)s, which has %(window)s tokens.")
    facts = {"left": left, "all": entries, "model": model, "window": window}
    return {"code": ENTRIES_LEFT_OUT, "detail": f"{counted}: {why}" % facts}


def _entries_counted(left: int) -> str:
    return ngettext(
        "%(left)s of %(all)s entries was left out, the oldest",
        "%(left)s of %(all)s entries were left out, the oldest first",
        left,
    )


def _summaries_counted(left: int) -> str:
    return ngettext(
        "%(left)s of %(all)s summaries of parts was left out, the first",
        "%(left)s of %(all)s summaries of parts were left out, the first ones",
        left,
    )


def of_part(note: Note, part: int, parts: int) -> Note:
    """The note of a part, on the run that it is a part of."""
    told = _("Part %(part)s of %(parts)s: %(detail)s")
    return {**note, "detail": told % {"part": part, "parts": parts, "detail": note["detail"]}}
