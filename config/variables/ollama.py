"""``OLLAMA_HOST`` and what is sent with every request to it."""

from dataclasses import dataclass, field

from llmconfig.values.urls import AddressInvalid
from workers.backends.hosts import EXAMPLE, basic, host_parse


@dataclass(frozen=True, kw_only=True)
class Ollama:
    """A host, without credentials, and the value of ``Authorization`` for it."""

    host: str
    #: "" for none.
    authorization: str = field(default="", repr=False)


def ollama_parse(text: str, password: str = "", key: str = "") -> Ollama:
    """The host, with a password or an API key of other variables. Raises ValueError."""
    found = host_parse(text)
    if password and found.password:
        raise AddressInvalid("it has a password, and OLLAMA_PASSWORD has one; accepted: one")
    if password and not found.user:
        raise AddressInvalid("it names no user for OLLAMA_PASSWORD; accepted: http://user@host")
    if key and found.user is not None:
        raise AddressInvalid(
            f"user and password are sent as Basic, OLLAMA_API_KEY as Bearer; accepted: {EXAMPLE}"
            " without OLLAMA_API_KEY, or that key and a host without a user"
        )
    if found.user is not None:
        return Ollama(host=found.url, authorization=basic(found.user, found.password or password))
    return Ollama(host=found.url, authorization=f"Bearer {key}" if key else "")


def key_parse(text: str) -> str:
    """``OLLAMA_API_KEY``: what a header can carry. Raises ValueError."""
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("accepted: a key of ASCII characters, without blanks")
    return text
