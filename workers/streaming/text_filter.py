"""Filter of streamed text: holds back thinking and markers until they are decided. Pure.

The result is the text without thinking, stray tokens and surrounding space
(`workers.backends.output.text_checked`): a marker of theirs is held back until it is decided, space
at the beginning is never shown, and at the end only when more follows. So what is shown is the
beginning of the result, except where a fence around all of it is taken off at the end, and where
thinking ends that had begun nowhere: then nothing more is shown, and the result replaces what was.
"""

from workers.backends.output import well_formed
from workers.backends.thinking import ThinkingFilter


class Tidy:
    """The words of one attempt as they come.

    ``begins_inside``: nothing is shown before an end of thinking, which is expected.
    """

    def __init__(self, *, begins_inside: bool = False) -> None:
        self._filter = ThinkingFilter(begins_inside=begins_inside)
        self._begun = False
        self._space = ""
        #: The first half of a surrogate pair.
        self._half = ""

    def show(self, words: str) -> str:
        """What may be shown, now that these words have come."""
        words = self._half + words.replace("\x00", "")
        self._half = words[-1] if words and "\ud800" <= words[-1] <= "\udbff" else ""
        answer = self._filter.feed(well_formed(words[: -1 if self._half else None]))
        if self._filter.retractions:
            return ""
        text = self._space + answer
        if not self._begun:
            text = text.lstrip()
        shown = text.rstrip()
        self._space = text[len(shown) :]
        self._begun = self._begun or bool(shown)
        return shown
