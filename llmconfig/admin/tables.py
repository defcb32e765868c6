"""Small tables and badges for read-only pages."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString


def table(titles: Sequence[Any], rows: Iterable[Iterable[Any]]) -> SafeString:
    """A table; each cell is escaped unless it is safe. On a telephone cells carry their title."""
    cells = [list(zip(titles, row, strict=True)) for row in rows]
    return render_to_string("llmconfig/admin/table.html", {"titles": titles, "rows": cells})


def badge(text: Any, kind: str = "") -> SafeString:
    """A word in a box; ``kind`` is good, bad, warning or a layer."""
    return format_html('<span class="lc-badge lc-{}">{}</span>', kind or "plain", text)


def preformatted(text: str) -> SafeString:
    """A text as it was written. What a model wrote is a stranger's: it is escaped."""
    return format_html('<pre class="lc-pre">{}</pre>', text or "–")
