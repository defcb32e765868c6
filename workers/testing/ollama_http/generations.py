"""One generation, load or unload: the checks in Ollama's order, then what generates."""

from http import HTTPStatus

from llmconfig.values.model_names import normalise_model
from workers.testing.ollama_http import names, schemas, templates
from workers.testing.ollama_http.errors import RequestError, runner_error
from workers.testing.ollama_http.models import Card, Models
from workers.testing.ollama_http.reply import Reply
from workers.testing.ollama_http.requests import Generation

MOST_LOGPROBS = 20


async def answer(models: Models, generation: Generation, reply: Reply) -> None:
    """Answer it. Raises RequestError."""
    if not 0 <= generation.top_logprobs <= MOST_LOGPROBS:
        raise RequestError(f"top_logprobs must be between 0 and {MOST_LOGPROBS}")
    card = _card(models, generation)
    if generation.is_load and generation.keep_alive == 0:
        await models.unload(card)
        await reply.without_generation("unload")
        return
    _check_capabilities(card, generation)
    _ = generation.typed_options
    if generation.is_load:
        await models.load(card, generation, reply)
        return
    _check_content(card, generation)
    await models.generate(card, generation, reply)


def not_found(name: str) -> RequestError:
    return RequestError(f"model '{normalise_model(name)}' not found", HTTPStatus.NOT_FOUND)


def _card(models: Models, generation: Generation) -> Card:
    if names.parse(generation.model) is None:
        if not generation.is_chat:
            raise not_found(generation.model)
        raise RequestError("invalid model name" if generation.model else "model is required")
    card = models.card(names.key(generation.model))
    if card is None:
        raise not_found(generation.model)
    return card


def _check_capabilities(card: Card, generation: Generation) -> None:
    if generation.raw and (generation.template or generation.system or generation.context):
        raise RequestError("raw mode does not support template, system, or context")
    if generation.think and "thinking" not in card.capabilities:
        raise RequestError(f'"{generation.model}" does not support thinking')
    if "completion" not in card.capabilities:
        action = "chat" if generation.is_chat else "generate"
        raise RequestError(f'"{generation.model}" does not support {action}')
    for stated, capability in ((generation.tools, "tools"), (generation.suffix, "insert")):
        if stated and capability not in card.capabilities:
            name = names.parse(generation.model)
            full = name.full if name else generation.model
            raise RequestError(f"{full} does not support {capability}")


def _check_content(card: Card, generation: Generation) -> None:
    """What Ollama finds wrong only after the model is loaded."""
    templates.check(generation.template)
    if generation.all_images and "vision" not in card.capabilities:
        raise runner_error(
            "Multimodal data provided, but model does not support multimodal requests."
        )
    schemas.checked(generation.format)
