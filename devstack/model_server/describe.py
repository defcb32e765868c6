"""The cards of the server's models: facts of one weights file, by name."""

import hashlib
import json
from pathlib import Path

from devstack.model_server.catalogue import MODELS, Model
from devstack.model_server.gguf import Header
from workers.testing.ollama_http.models import Card

TEMPLATE = "tokenizer.chat_template"
HIDDEN = {"general.name", TEMPLATE}
#: ``general.file_type`` of GGUF, as far as weights this small are published.
QUANTISATIONS = {0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 15: "Q4_K_M"}


def cards(weights: Path, header: Header) -> dict[str, Card]:
    """The card of every model, by its name."""
    return {model.name: _card(model, weights, header) for model in MODELS.values()}


def _card(model: Model, weights: Path, header: Header) -> Card:
    status = weights.stat()
    family = header.text("general.architecture")
    metadata = {key: value for key, value in header.metadata.items() if key not in HIDDEN}
    return Card(
        name=model.name,
        digest=_digest(model, weights, status.st_size),
        size=status.st_size,
        modified_at=status.st_mtime,
        family=family,
        parameter_size=f"{header.parameter_count / 1e6:.2f}M",
        quantization_level=QUANTISATIONS.get(header.number("general.file_type"), "unknown"),
        context_length=header.number(f"{family}.context_length"),
        embedding_length=header.number(f"{family}.embedding_length"),
        modelfile=_modelfile(model, weights, header),
        parameters="\n".join(f"{key:<30} {value}" for key, value in model.parameters.items()),
        template=header.text(TEMPLATE),
        metadata={**metadata, "general.parameter_count": header.parameter_count},
        tensors=[
            {"name": tensor.name, "type": tensor.type, "shape": list(tensor.shape)}
            for tensor in header.tensors
        ],
    )


def _modelfile(model: Model, weights: Path, header: Header) -> str:
    lines = [f"FROM {weights}", f'TEMPLATE """{header.text(TEMPLATE)}"""']
    lines += [f"PARAMETER {key} {value}" for key, value in model.parameters.items()]
    return "\n".join(lines) + "\n"


def _digest(model: Model, weights: Path, size: int) -> str:
    """Names with other weights or parameters differ; the weights count by name and size."""
    manifest = [weights.name, size, dict(model.parameters)]
    return hashlib.sha256(json.dumps(manifest).encode()).hexdigest()
