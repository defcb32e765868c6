"""The demo's view of the API: what any client would do with a token."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

FINAL = {"succeeded", "failed", "cancelled", "expired"}
POLL_SECONDS = 0.2


class DemoFailed(Exception):
    """The stack answered what the demo cannot go on with."""


class Client:
    """One person's calls. Raises ``DemoFailed`` for an answer that is no success."""

    def __init__(self, base_url: str, token: str) -> None:
        self._base_url, self._token = base_url, token

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request; the answer's JSON."""
        request = urllib.request.Request(  # noqa: S310  (our own stack's http address)
            self._base_url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Token {self._token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  (as above)
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise DemoFailed(f"{method} {path}: {error.code} {error.read().decode()}") from error
        except OSError as error:
            raise DemoFailed(f"{method} {path}: {error}") from error

    def finished(self, status_url: str) -> dict[str, Any]:
        """Wait for a run's final state; its deadline ends the wait."""
        while True:
            run: dict[str, Any] = self.call("GET", status_url)
            if run["status"] in FINAL:
                return run
            time.sleep(POLL_SECONDS)
