"""Prompts as token ids: the weights' chat template, a caller's own, or a raw text; cut to a window.

The template of the weights is ChatML with a system message of its own where none is given. It is
written out here, because the engine applies it only when it generates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from devstack.model_server.tokenizer import Tokenizer
from workers.testing.ollama_http import templates, window
from workers.testing.ollama_http.requests import Generation

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


@dataclass(frozen=True)
class Prompt:
    """What the engine generates from."""

    ids: Sequence[int]
    #: For the engine's own template, which makes the same tokens of them; else it takes the ids.
    messages: Sequence[Mapping[str, str]] = ()


def whole(tokenizer: Tokenizer, generation: Generation) -> Prompt:
    """The whole prompt. What an earlier answer gave as ``context`` comes first."""
    if generation.raw or generation.template:
        return Prompt([*generation.context, *tokenizer.ids(_own_text(generation))])
    messages = list(_messages(generation))
    if generation.context:
        # It begins with the system message of the weights already.
        turn = tokenizer.ids(chat_text(messages, default_system=""))
        return Prompt([*generation.context, *turn])
    return Prompt(tokenizer.ids(chat_text(messages)), messages)


def cut(prompt: Prompt, length: int, keep: int | None) -> Prompt:
    """A prompt too long for a window, cut as Ollama does."""
    of_beginning, of_end = window.cut(length, keep)
    ids = prompt.ids
    return Prompt([*ids[:of_beginning], *ids[len(ids) - of_end :]])


def _own_text(generation: Generation) -> str:
    if generation.raw:
        return generation.prompt
    values = {"Prompt": generation.prompt, "System": generation.system}
    return templates.render(generation.template, values)


def _messages(generation: Generation) -> Iterator[Mapping[str, str]]:
    for message in generation.messages:
        yield _message(str(message.get("role", "")).lower(), str(message.get("content", "")))
    if generation.system:
        yield _message("system", generation.system)
    if not generation.is_chat:
        yield _message("user", generation.prompt)


def _message(role: str, content: str) -> Mapping[str, str]:
    return {"role": role, "content": content}


def chat_text(messages: Sequence[Mapping[str, str]], *, default_system: str = SYSTEM) -> str:
    """ChatML; the last message of the assistant is continued."""
    turns = [(message["role"], message["content"]) for message in messages]
    if default_system and turns and turns[0][0] != "system":
        turns.insert(0, ("system", default_system))
    text = "".join(f"<|im_start|>{role}\n{content}<|im_end|>\n" for role, content in turns)
    if turns and turns[-1][0] == "assistant":
        return text.removesuffix("<|im_end|>\n")
    return f"{text}<|im_start|>assistant\n"
