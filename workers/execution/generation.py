"""Generation of one answer: the prompt is fitted to the model's window where it may be shortened.

A plain prompt is sent as it is. Of a draft, entries are left out until it fits: it is sent where
the estimate says that it fits; where that is not sure, it is first sent for one token, which tells
how many tokens it has, or that it is too long. None of this is a failure of the model.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from llmconfig.values.windows import Window, WindowSource
from workers.backends import ollama
from workers.backends.windows import windows_here
from workers.runs.outcomes import AttemptFailed, Cause
from workers.task_types.drafts import Draft
from workers.task_types.fitting import Fitting
from workers.task_types.notes import Note, entries_left_out
from workers.task_types.prompts import Prompt

#: How an answer of one token ends that has no text in it: its prompt was read all the same.
NO_TEXT = frozenset({Cause.EMPTY, Cause.ONLY_THINKING})


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An answer, and what is to be noted on the run that has it."""

    generation: ollama.Generation
    notes: tuple[Note, ...] = ()


@dataclass(kw_only=True)
class Asking:
    """One attempt's way to its answer. ``request`` is without a prompt."""

    request: ollama.GenerationRequest
    limits: ollama.Limits
    #: Of the model, by configuration; the server is asked where that does not state one.
    window: Window
    cancelled: threading.Event
    #: Hears the answer's text; of answers to several prompts that of the first alone.
    on_text: Callable[[str], None] | None = None
    #: Is called for each token.
    on_token: Callable[[], None] | None = None
    _has_spoken: bool = False
    #: Of a request that only counted a prompt.
    _load_ms: int = 0

    def answer(self, prompt: Prompt | Draft) -> Answered:
        """Raises AttemptFailed."""
        if isinstance(prompt, Prompt):
            return Answered(generation=self._ask(prompt))
        return self._fitted(prompt)

    def _fitted(self, draft: Draft) -> Answered:
        fitting = self._fitting(draft, self.window)
        if not fitting.is_settled and self.window.source is not WindowSource.STATED:
            model = self.request.model
            fitting = self._fitting(draft, windows_here([model])[model])
        while True:
            try:
                if fitting.is_settled:
                    generation = self._ask(fitting.prompt)
                    return Answered(generation=generation, notes=self._notes(fitting))
                self._count(fitting)
            except AttemptFailed as failed:
                if failed.cause is not Cause.CONTEXT_OVERFLOW or not _shortened(fitting, failed):
                    raise

    def _fitting(self, draft: Draft, window: Window) -> Fitting:
        answer = window.answer_tokens(self.request.options.get("max_tokens"))
        return Fitting(draft, window=window.tokens, answer=answer)

    def _ask(self, prompt: Prompt) -> ollama.Generation:
        request = replace(self.request, system=prompt.system, prompt=prompt.user)
        on_text = None if self.on_text is None or self._has_spoken else self._say
        generation = self._generate(request, on_text)
        return replace(generation, load_ms=self._load_ms + generation.load_ms)

    def _generate(
        self, request: ollama.GenerationRequest, on_text: Callable[[str], None] | None = None
    ) -> ollama.Generation:
        return ollama.generate(
            request,
            self.limits,
            cancelled=self.cancelled,
            on_text=on_text,
            on_token=self.on_token,
        )

    def _say(self, text: str) -> None:
        self._has_spoken = True
        if self.on_text is not None:
            self.on_text(text)

    def _count(self, fitting: Fitting) -> None:
        """Have the server read the prompt and write one token, which says how long the prompt is.

        What it has read it need not read again for the answer.
        """
        prompt = fitting.prompt
        request = replace(
            self.request,
            system=prompt.system,
            prompt=prompt.user,
            format=None,
            options={**self.request.options, "max_tokens": 1},
        )
        try:
            generation = self._generate(request)
            self._load_ms += generation.load_ms
            tokens = generation.prompt_tokens
        except AttemptFailed as failed:
            if failed.cause not in NO_TEXT:
                raise
            tokens = failed.prompt_tokens
        if tokens is None:
            fitting.cut()
        else:
            fitting.counted(tokens)

    def _notes(self, fitting: Fitting) -> tuple[Note, ...]:
        notes = tuple(dict(note) for note in fitting.draft.notes)
        if not fitting.left_out:
            return notes
        note = entries_left_out(
            fitting.left_out,
            len(fitting.draft.texts),
            of_summaries=fitting.draft.of_summaries,
            model=self.request.model,
            window=fitting.window,
        )
        return (*notes, note)


def _shortened(fitting: Fitting, failed: AttemptFailed) -> bool:
    if failed.context_window is None or failed.prompt_tokens is None:
        return fitting.cut()
    return fitting.refused(failed.prompt_tokens, failed.context_window)
