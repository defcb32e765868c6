"""The messages of a chat request."""

from workers import output
from workers.backend.values import GenerationRequest


def messages_of(request: GenerationRequest, appended: str = "") -> list[dict[str, str]]:
    """System and user message, as UTF-8 can hold them; ``appended`` goes to the prompt's end."""
    texts = (("system", request.system), ("user", request.prompt + appended))
    return [{"role": role, "content": output.well_formed(text)} for role, text in texts if text]
