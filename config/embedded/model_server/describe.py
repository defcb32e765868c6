"""What the server tells about its models: ``/api/tags``, ``/api/ps`` and ``/api/show``."""

import hashlib
import json
from pathlib import Path

from config.embedded.model_server.catalogue import MODELS, Model
from config.embedded.model_server.gguf import Header, read_header
from config.embedded.model_server.residents import Resident
from workers.testing.ollama_http.timestamps import rfc3339

Payload = dict[str, object]

TEMPLATE = "tokenizer.chat_template"
#: ``general.file_type`` of GGUF, as far as weights this small are published.
QUANTISATIONS = {0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 15: "Q4_K_M"}


class Description:
    """Facts of one weights file, in the shapes of Ollama's answers."""

    def __init__(self, weights: Path) -> None:
        self._weights = weights
        self._header = read_header(weights)
        status = weights.stat()
        self._size, self._modified_at = status.st_size, rfc3339(status.st_mtime)

    def tags(self) -> Payload:
        return {"models": [self._listed(model) for model in MODELS.values()]}

    def running(self, residents: list[Resident]) -> Payload:
        return {"models": [self._running(resident) for resident in residents]}

    def show(self, model: Model) -> Payload:
        parameters = "\n".join(f"{key:<30} {value}" for key, value in model.parameters.items())
        hidden = {"general.name", TEMPLATE}
        metadata = {k: v for k, v in self._header.metadata.items() if k not in hidden}
        return {
            "modelfile": self._modelfile(model),
            "parameters": parameters,
            "template": self._header.text(TEMPLATE),
            "details": self._details(),
            "model_info": {"general.parameter_count": self._header.parameter_count, **metadata},
            "capabilities": ["completion"],
            "modified_at": self._modified_at,
        }

    @property
    def _family(self) -> str:
        return self._header.text("general.architecture")

    def _listed(self, model: Model) -> Payload:
        return {
            "name": model.name,
            "model": model.name,
            "modified_at": self._modified_at,
            "size": self._size,
            "digest": self._digest(model),
            "details": self._details(),
            "capabilities": ["completion"],
        }

    def _running(self, resident: Resident) -> Payload:
        return {
            "name": resident.name,
            "model": resident.name,
            "size": self._size,
            "digest": self._digest(MODELS[resident.name]),
            "details": self._details(),
            "expires_at": rfc3339(resident.expires_at),
            "size_vram": 0,
            "context_length": resident.context_length,
        }

    def _details(self) -> Payload:
        return {
            "parent_model": "",
            "format": "gguf",
            "family": self._family,
            "families": [self._family],
            "parameter_size": _millions(self._header),
            "quantization_level": QUANTISATIONS.get(
                self._header.number("general.file_type"), "unknown"
            ),
        }

    def _modelfile(self, model: Model) -> str:
        lines = [f"FROM {self._weights}", f'TEMPLATE """{self._header.text(TEMPLATE)}"""']
        lines += [f"PARAMETER {key} {value}" for key, value in model.parameters.items()]
        return "\n".join(lines) + "\n"

    def _digest(self, model: Model) -> str:
        """Names with other weights or parameters differ; the weights count by name and size."""
        manifest = [self._weights.name, self._size, dict(model.parameters)]
        return hashlib.sha256(json.dumps(manifest).encode()).hexdigest()


def _millions(header: Header) -> str:
    return f"{header.parameter_count / 1e6:.2f}M"
