"""Filter for thinking inside a model's content, and for special tokens around it. Pure.

Cut off is what stands at the beginning and at the end of an answer: blocks of thinking (closed,
unclosed, or with an end alone), channels other than ``final``, stray tokens. A text that is nothing
else is empty. What stands in between stays: code, quotations, prose about the markers, a block that
more text follows.

An end without a beginning ends thinking that began in the prompt. It counts where it begins or ends
its line or touches words on both sides, outside of code and quotation marks, and in no text that
begins as a JSON object.

Streaming and whole text are one computation: a marker is held back until it is decided.
"""

import re
from dataclasses import dataclass

from workers.backends.thinking_markers import (
    Kind,
    Marker,
    block_end,
    final_end,
    marker_at,
    next_marker,
    partial_start,
)

_SPACE = re.compile(r"\s*")
_REST_OF_LINE = re.compile(r"[^\S\n]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LINE_START_LENGTH = 12
_OPENING_QUOTES = frozenset("\"'`“‘«„(")
_CLOSING_QUOTES = frozenset("\"'`”’»“)")
_PUNCTUATION = frozenset(".,;:!?)")


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A text without thinking and stray tokens."""

    answer: str
    #: Thinking ended that had begun nowhere in the text.
    began_inside: bool
    #: There is thinking, and nothing else but space and stray tokens.
    is_only_thinking: bool


def cut_thinking(text: str) -> Cut:
    """The answer in a whole text."""
    found = ThinkingFilter()
    before, after = found.feed(text), found.finish()
    answer = after if found.retractions else before + after
    is_only_thinking = not answer.strip() and _behind_strays(text, 0) < len(text)
    return Cut(answer=answer, began_inside=found.began_inside, is_only_thinking=is_only_thinking)


class ThinkingFilter:
    """The same of a text that comes in pieces.

    ``begins_inside``: an end without a beginning is expected. Nothing is released before it, so
    that nothing is retracted; where none comes, ``finish`` releases everything.
    """

    def __init__(self, *, begins_inside: bool = False) -> None:
        #: How often all that had been released turned out to be thinking.
        self.retractions = 0
        #: Whether thinking ended that had begun nowhere.
        self.began_inside = False
        self._text, self._at = "", 0
        self._kept: list[str] = []
        self._has_released = False
        self._withholds = begins_inside
        self._begin()

    def feed(self, text: str) -> str:
        """Take the next piece; what is part of the answer for certain."""
        return self._work(text, more=True)

    def finish(self) -> str:
        """The rest of the answer, when no more comes."""
        self._withholds = False
        return self._work("", more=False)

    def _begin(self) -> None:
        self._in_head = True
        self._may_end_thinking = True
        self._place = _Place()

    def _work(self, text: str, *, more: bool) -> str:
        pending = self._text + text
        end = partial_start(pending) if more else len(pending)
        self._text, self._at = pending[:end], 0
        while self._head(more) if self._in_head else self._body(more):
            pass
        self._text = self._text[self._at :] + pending[end:]
        if self._withholds:
            return ""
        released, self._kept = "".join(self._kept), []
        self._has_released = self._has_released or bool(released)
        return released

    def _head(self, more: bool) -> bool:
        """One step before the answer; whether another follows."""
        self._at = _skip(_SPACE, self._text, self._at)
        if self._at == len(self._text):
            return False
        marker = marker_at(self._text, self._at)
        if marker is None or marker.kind is Kind.STRUCK:
            self._in_head = False
            self._may_end_thinking = self._text[self._at] != "{"
            return True
        end = _head_end(self._text, marker, more)
        if end is None and more:
            return False
        self._at = len(self._text) if end is None else end
        return True

    def _body(self, more: bool) -> bool:
        """One step in the answer; whether another follows."""
        marker = next_marker(self._text, self._at)
        self._keep(marker.start if marker else len(self._text))
        if marker is None:
            return False
        if marker.kind is Kind.CLOSER and self._may_end_thinking:
            ends_thinking = self._place.ends_thinking(self._text, marker.end, more)
            if ends_thinking is None:
                return False
            if ends_thinking:
                self._retract(marker.end)
                return True
        return self._pass(marker, more)

    def _pass(self, marker: Marker, more: bool) -> bool:
        """Pass a marker that ends no thinking: as text if text follows it, else it is cut off."""
        end = marker.end
        if marker.kind is Kind.OPENER and not self._place.in_inline_code:
            self._may_end_thinking = False
        if self._place.may_be_edge(marker):
            end = _edge_end(self._text, marker)
            if end == len(self._text):
                self._at = self._at if more else end
                return False
        self._keep(end)
        self._place.is_struck = self._place.is_struck or marker.kind is Kind.STRUCK
        return True

    def _keep(self, end: int) -> None:
        text, self._at = self._text[self._at : end], end
        self._place.advance(text)
        self._kept.append(text)

    def _retract(self, end: int) -> None:
        self._at, self._kept = end, []
        self.retractions += self._has_released
        self._has_released = self._withholds = False
        self.began_inside = True
        self._begin()


class _Place:
    """Where in Markdown the next character stands."""

    def __init__(self) -> None:
        self._line_start = ""
        self._is_line_blank = True
        self._backticks = 0
        self._last = "\n"
        self._fence = ""
        #: Text is struck out, so that ``</s>`` is HTML.
        self.is_struck = False

    @property
    def in_inline_code(self) -> bool:
        return not self._fence and self._backticks % 2 == 1

    def advance(self, text: str) -> None:
        """Go on behind this text."""
        first, *others = text.split("\n")
        self._advance_in_line(first)
        for line in others:
            self._end_line()
            self._advance_in_line(line)

    def may_be_edge(self, marker: Marker) -> bool:
        """Whether a marker that stands here may begin what is cut off an answer's end."""
        if self._fence or self.in_inline_code:
            return False
        if marker.kind is Kind.OPENER:
            return self._is_line_blank
        return marker.kind is Kind.STRAY and not (self.is_struck and marker.name == "</s>")

    def ends_thinking(self, text: str, end: int, more: bool) -> bool | None:
        """Whether an end of thinking that stands here, up to ``end``, is one; None: that is known
        when more has come."""
        if self.in_inline_code or (self._fence and not self._is_line_blank):
            return False
        if self._is_line_blank:
            return True
        if _behind_strays(text, end) == len(text):
            return None if more else not self._last.isspace()
        if text[_skip(_REST_OF_LINE, text, end)] == "\n":
            return True
        return self._touches(text[end])

    def _touches(self, following: str) -> bool:
        is_quoted = self._last in _OPENING_QUOTES and following in _CLOSING_QUOTES
        between_words = not (self._last.isspace() or following.isspace())
        return between_words and not is_quoted and following not in _PUNCTUATION

    def _advance_in_line(self, text: str) -> None:
        if text:
            missing = _LINE_START_LENGTH - len(self._line_start)
            self._line_start += text[:missing]
            self._is_line_blank = self._is_line_blank and text.isspace()
            self._backticks += text.count("`")
            self._last = text[-1]

    def _end_line(self) -> None:
        fence = _FENCE.match(self._line_start)
        if fence and not self._fence:
            self._fence = fence[1][0]
        elif fence and fence[1][0] == self._fence:
            self._fence = ""
        self._line_start, self._is_line_blank, self._backticks, self._last = "", True, 0, "\n"


def _head_end(text: str, marker: Marker, more: bool) -> int | None:
    """Where that ends which stands before an answer; None: not in this text."""
    end = final_end(text, marker.start)
    if end is not None:
        return None if more and _skip(_SPACE, text, end) == len(text) else end
    if marker.kind in (Kind.OPENER, Kind.CHANNEL):
        return block_end(text, marker)
    return marker.end


def _edge_end(text: str, marker: Marker) -> int:
    """Where the stray tokens and blocks of thinking end that begin with a marker; an unclosed
    block ends with the text."""
    at: Marker | None = marker
    position = marker.start
    while at is not None and at.kind in (Kind.OPENER, Kind.STRAY):
        end = block_end(text, at) if at.kind is Kind.OPENER else at.end
        position = _skip(_SPACE, text, len(text) if end is None else end)
        at = marker_at(text, position)
    return position


def _behind_strays(text: str, position: int) -> int:
    """Where text follows behind space and stray tokens."""
    while (at := marker_at(text, position := _skip(_SPACE, text, position))) is not None:
        if at.kind is not Kind.STRAY:
            break
        position = at.end
    return position


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position
