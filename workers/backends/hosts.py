"""``OLLAMA_HOST`` as the official client reads it: one spelling per host, and its credentials.

``gpu`` means port 11434, ``http://gpu`` port 80, ``https://gpu`` port 443. The URL that is stored,
shown and counted has no credentials; they are sent as Basic (RFC 7617) and shown nowhere.
"""

from base64 import b64encode
from dataclasses import dataclass, field

from llmconfig.values.urls import AddressInvalid, address_parse, has_scheme

DEFAULT_HOST = "127.0.0.1"
#: Of a host without a scheme, and of each scheme.
DEFAULT_PORT = 11434
PORTS = {"http": 80, "https": 443}
EXAMPLE = "http://user:password@gpu-box:11434"
ALSO = "a host alone, as gpu-box or gpu-box:11434, means http:// and port 11434"


@dataclass(frozen=True, kw_only=True)
class Host:
    """Where an Ollama answers."""

    #: Scheme, host, port and path: ``http://gpu:11434``.
    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def host_parse(text: str) -> Host:
    """The host that a text names; an empty one means this machine. Raises ``AddressInvalid``."""
    text = text.strip() or DEFAULT_HOST
    is_bare = not has_scheme(text)
    try:
        address = address_parse(
            f"http://{text}" if is_bare else text, schemes=tuple(PORTS), example=EXAMPLE
        )
        if address.options:
            raise AddressInvalid(f"options are not accepted; accepted: {EXAMPLE}")
    except AddressInvalid as error:
        raise AddressInvalid(f"{error}; {ALSO}") from None
    host = (address.host or DEFAULT_HOST).lower()
    port = address.port or (DEFAULT_PORT if is_bare else PORTS[address.scheme])
    path = address.path.strip("/")
    url = f"{address.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    return Host(url=f"{url}/{path}" if path else url, user=address.user, password=address.password)


def normalise(text: str) -> str:
    """The host's URL alone. Raises ``AddressInvalid``."""
    return host_parse(text).url


def basic(user: str, password: str) -> str:
    """The value of the header ``Authorization``."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
