"""Fitting a draft into a model's window by leaving out its oldest entries. Pure.

Tokens are estimated on the safe side (`workers.task_types.tokens`) until a server has counted a
prompt: then the estimate is scaled by what it counted. Entries that do not fit even alone go first,
then the oldest. At least one entry is kept: whether that fits, the server decides.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workers.task_types.drafts import Draft
from workers.task_types.tokens import tokens_at_most

if TYPE_CHECKING:
    from workers.task_types.prompts import Prompt

#: What a chat template adds around system and user message, for which no text is ours.
TEMPLATE_TOKENS = 64
#: The kept entries may have more tokens a character than those that were counted.
MARGIN = 1.03
#: After so many tries the entries are of too many kinds to be estimated: half of them go each time.
ESTIMATED_TRIES = 4


class Fitting:
    """Which entries are kept, from one count of the server to the next.

    ``window``: tokens of prompt and answer; ``answer``: what is kept for the answer.
    """

    def __init__(self, draft: Draft, *, window: int, answer: int) -> None:
        self.draft = draft
        self.kept: Sequence[int] = range(len(draft.texts))
        #: As the server has named it, if it has.
        self.window = window
        self._answer = answer
        around = draft.render(())
        self._around = prompt_tokens_at_most(around.system, around.user)
        self._costs = [tokens_at_most(text) for text in draft.texts]
        self._scale = 1.0
        self._is_counted = False
        self._tries = 0

    @property
    def prompt(self) -> "Prompt":
        return self.draft.render(self.kept)

    @property
    def left_out(self) -> int:
        """How many entries are not kept."""
        return len(self.draft.texts) - len(self.kept)

    @property
    def _room(self) -> int:
        return self.window - min(self._answer, self.window // 2)

    @property
    def is_settled(self) -> bool:
        """Whether the prompt fits as far as can be known, or can become no shorter."""
        return self._is_counted or len(self.kept) == 1 or self._estimate() <= self._room

    def counted(self, tokens: int) -> None:
        """The server has read the prompt: it has so many tokens. Where that leaves no room for the
        answer, entries are left out."""
        self._scale = tokens / self._raw()
        self._is_counted = tokens <= self._room or not self._shorten()

    def refused(self, tokens: int, window: int) -> bool:
        """The server refused the prompt of so many tokens, its context having ``window``. False:
        it can become no shorter, or is short enough."""
        self.window = window
        if tokens <= self._room:
            return False
        self._scale = MARGIN * tokens / self._raw()
        return self._shorten()

    def cut(self) -> bool:
        """The server cut the prompt, or did not count it. False: it can become no shorter."""
        if self._estimate() <= self._room:
            self._scale *= 2
        return self._shorten()

    def _raw(self) -> int:
        return self._around + sum(self._costs[index] for index in self.kept)

    def _estimate(self) -> float:
        return self._scale * self._raw()

    def _shorten(self) -> bool:
        """Leave out what does not fit, at least one entry."""
        if len(self.kept) == 1:
            return False
        self._tries += 1
        most = len(self.kept) - 1 if self._tries <= ESTIMATED_TRIES else len(self.kept) // 2
        self.kept = sorted(self._newest(self._room / self._scale - self._around)[:most])
        return True

    def _newest(self, room: float) -> list[int]:
        """As many of the newest entries as have room; where none has, the shortest."""
        kept, left = [], room
        kept_now = set(self.kept)
        for index in self.draft.newest_first():
            cost = self._costs[index]
            if index not in kept_now or cost > room:
                continue
            left -= cost
            if left < 0:
                break
            kept.append(index)
        return kept or [min(self.kept, key=lambda index: self._costs[index])]


def prompt_tokens_at_most(system: str, user: str) -> int:
    """Tokens of a whole prompt, with the chat template around it."""
    return TEMPLATE_TOKENS + tokens_at_most(system) + tokens_at_most(user)
