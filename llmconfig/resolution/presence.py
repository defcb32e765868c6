"""Presence check: models that are stated and that no live worker has.

Such a model is accepted with a warning, or refused where ``LLM_REQUIRE_PRESENT_MODELS`` says so.
While no worker has reported its models nothing is known to be absent.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from llmconfig.resolution import known_models
from llmconfig.values.errors import ModelNotPresent
from llmconfig.values.model_names import normalise_model
from llmconfig.values.types import MODEL_FIELDS


@dataclass(frozen=True)
class Absent:
    """A stated model that no live worker has."""

    #: ``model``, ``fallback_model``, or the same below ``task_type_configs.<task type>.``.
    field: str
    model: str

    def to_wire(self, gettext: Callable[[str], str] = str) -> dict[str, str]:
        error = ModelNotPresent(self.model, field=self.field)
        return {
            "field": self.field,
            "code": error.code,
            "detail": error.message.translate(gettext),
        }


def models_absent(values: Mapping[str, Any], prefix: str = "") -> Iterator[Absent]:
    """Those among the fields that one place states."""
    stated = {name: values[name] for name in MODEL_FIELDS if values.get(name)}
    known = known_models.normal_names() if stated else None
    for name, model in stated.items():
        if known is not None and normalise_model(model) not in known:
            yield Absent(prefix + name, model)


def presence_check(values: Mapping[str, Any]) -> None:
    """Raises ``ModelNotPresent`` for the first absent model, where models must be present."""
    if settings.LLM_REQUIRE_PRESENT_MODELS:
        for absent in models_absent(values):
            raise ModelNotPresent(absent.model, field=absent.field)
