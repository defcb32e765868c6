"""The fake Ollama as a process of its own, which can be killed and started again."""

import io
import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from config.env import PROJECT


class FakeProcess:
    """Keeps its address and its script over restarts; its log begins anew."""

    def __init__(self, home: Path, script: Mapping[str, Any]) -> None:
        self._script = home / "fake.yaml"
        self._script.write_text(yaml.safe_dump(dict(script)))
        self._port = 0
        self.start()

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "workers.testing.fake_ollama", "--port", str(self._port)]
        self._process = subprocess.Popen(
            [*command, "--script", str(self._script)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            start_new_session=True,
        )
        address = (self._process.stdout or io.StringIO()).readline().strip()
        if not address:
            raise RuntimeError("the fake Ollama did not start")
        self._port = int(address.rpartition(":")[2])

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def script(self, steps: Mapping[str, Any]) -> None:
        """Add steps to the running fake."""
        self._call("PUT", "/fake/script", {"script": dict(steps)})

    def log(self) -> list[dict[str, Any]]:
        """Every request since it was started."""
        found: list[dict[str, Any]] = self._call("GET", "/fake/log", None)
        return found

    def chats(self, model: str) -> list[dict[str, Any]]:
        """The generations that a model was asked for."""
        return [x for x in self.log() if (x["path"], x["model"]) == ("/api/chat", model)]

    def _call(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.host + path, data=data, method=method)  # noqa: S310
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)
