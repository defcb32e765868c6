"""One spelling per Ollama host."""

from urllib.parse import urlsplit, urlunsplit

DEFAULT_PORT = 11434
DEFAULT_HOST = f"http://127.0.0.1:{DEFAULT_PORT}"


def normalise(host: str) -> str:
    """The host as a URL without a trailing slash. A bare ``host`` means Ollama's port.

    Raises ValueError when the text is no address.
    """
    host = host.strip()
    if not host:
        return DEFAULT_HOST
    bare = "://" not in host
    parts = urlsplit(f"http://{host}" if bare else host)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("not an http address")
    netloc = parts.netloc
    if parts.port is None and bare:
        netloc = f"{netloc.rstrip(':')}:{DEFAULT_PORT}"
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))
