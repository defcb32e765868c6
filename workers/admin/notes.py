"""Notes on a result, as a list."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join

from workers.task_types.notes import Note


def notes_list(notes: Iterable[Note]) -> str | None:
    """Their sentences; None where there are none."""
    items = format_html_join("", "<li>{}</li>", ((note["detail"],) for note in notes))
    return format_html("<ul>{}</ul>", items) if items else None
