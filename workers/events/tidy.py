"""What of a model's words may be shown already. Pure.

The result is the text without surrounding space (`workers.output.text_checked`): space at the
beginning is never shown, and at the end only when more follows. So what is shown is the beginning
of the result, except where a fence around all of it is taken off at the end.
"""

from workers.output import well_formed


class Tidy:
    """The words of one attempt as they come."""

    def __init__(self) -> None:
        self._begun = False
        self._space = ""
        #: The first half of a surrogate pair.
        self._half = ""

    def show(self, words: str) -> str:
        """What may be shown, now that these words have come."""
        words = self._half + words.replace("\x00", "")
        self._half = words[-1] if words and "\ud800" <= words[-1] <= "\udbff" else ""
        text = self._space + well_formed(words[: -1 if self._half else None])
        if not self._begun:
            text = text.lstrip()
        shown = text.rstrip()
        self._space = text[len(shown) :]
        self._begun = self._begun or bool(shown)
        return shown
