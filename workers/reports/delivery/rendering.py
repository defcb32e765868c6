"""A report's Markdown as HTML. A model wrote it, from texts that anybody may have sent: nothing of
it is trusted."""

import unicodedata
from collections.abc import Sequence

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

#: CommonMark without what leads or loads from elsewhere: links and images stay visible as they were
#: written, with their addresses, and HTML is text.
_UNWANTED = (
    "link", "image", "autolink", "reference", "html_block", "html_inline", "entity",
)  # fmt: skip
#: In characters. No report in earnest is as long, and a page must not take seconds to render.
LONGEST = 50_000
#: The page has the first level of headings.
FIRST_HEADING = 2
_TAGS = {
    "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"ol": {"start"}}
#: Format characters that change the order of what is read (Unicode Bidi_Control), and other
#: invisible ones; a zero-width joiner is part of many scripts and emoji.
_KEPT_FORMATS = {"\u200c", "\u200d"}

_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_markdown.disable(list(_UNWANTED))


def report_html(text: str) -> SafeString:
    """Sanitised HTML: headings from ``h2`` on, lists, tables, quotes, code; no link, no image.

    A text that is too long, or nested too deep, stays as it was written.
    """
    text = text_clean(text)
    tokens = _markdown.parse(text) if len(text) <= LONGEST else None
    if tokens is None or _is_cut(tokens):
        return format_html("<pre>{}</pre>", text)
    _lower_headings(tokens)
    rendered = str(_markdown.renderer.render(tokens, _markdown.options, {}))
    cleaned = nh3.clean(rendered, tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None)
    return mark_safe(cleaned)  # noqa: S308  (cleaned by the line above)


def text_clean(text: str) -> str:
    """The text without control and invisible format characters, but for line ends and tabs."""
    return "".join(character for character in text if _is_kept(character))


def _is_kept(character: str) -> bool:
    if character in "\n\t" or character in _KEPT_FORMATS:
        return True
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs"}


def _is_cut(tokens: Sequence[Token]) -> bool:
    """What is nested deeper than ``maxNesting`` is dropped, in a list with all that follows."""
    return any(token.level >= _markdown.options.maxNesting - 1 for token in tokens)


def _lower_headings(tokens: Sequence[Token]) -> None:
    """The text's first level is the page's second, whichever it is, and none is left out."""
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    levels = sorted({token.tag for token in headings})
    for token in headings:
        token.tag = f"h{min(6, levels.index(token.tag) + FIRST_HEADING)}"
