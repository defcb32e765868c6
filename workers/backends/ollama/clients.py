"""HTTP clients of one Ollama host: the official one, and plain HTTP for what it does not offer."""

import httpx
import ollama
from django.conf import settings

from workers.backends import hosts
from workers.backends.ollama import transport


class HostClients:
    """Both share one connection pool. They belong to the event loop that made them."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._transport = pool = transport.Transport(secure=host.startswith("https:"))
        # No timeout but the connect one: httpx counts per read, our limits are on the wall clock.
        timeout = httpx.Timeout(None, connect=transport.CONNECT_SECONDS)
        headers = {"accept-encoding": "identity", **_authorization(host)}
        self.ollama = ollama.AsyncClient(
            host,
            transport=pool,
            timeout=timeout,
            headers=headers,
            follow_redirects=False,
            trust_env=False,
        )
        self.http = httpx.AsyncClient(
            base_url=host, transport=pool, timeout=timeout, headers=headers, trust_env=False
        )

    def reached_since(self, moment: float) -> bool:
        """Whether a connection to the host stood after ``moment`` (``time.monotonic()``)."""
        return self._transport.reached_at >= moment

    async def close(self) -> None:
        """Close the pool, which is all that either client holds open."""
        await self.http.aclose()


def _authorization(host: str) -> dict[str, str]:
    """The header with the credentials of the settings, for the host of the settings alone."""
    value = getattr(settings, "OLLAMA_AUTHORIZATION", "")
    if value and host == hosts.normalise(settings.OLLAMA_HOST):
        return {"authorization": value}
    return {}
