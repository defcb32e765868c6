"""Missing models: what the configuration names and the model server of this host does not have."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from llmconfig.resolution.stated_models import StatedModel
from llmconfig.values.model_names import normalise_model
from llmconfig.values.types import MODEL_FIELDS


@dataclass(frozen=True, kw_only=True)
class Missing:
    """By normalised name, sorted."""

    #: Models that somebody states for a task type served here.
    models: tuple[str, ...] = ()
    #: Task types served here of which neither model nor fallback is there.
    task_types: tuple[str, ...] = ()


def missing_find(
    stated: Iterable[StatedModel],
    defaults: Mapping[str, Mapping[str, Any] | None],
    present: Collection[str],
) -> Missing:
    """What is missing among ``present``, the normalised names of the host's models.

    ``defaults`` are the configurations of runs without a user, by task type served; None: no model
    is allowed.
    """
    served = defaults.keys()
    needed = {
        normalise_model(each.model)
        for each in stated
        if each.allowed and (each.task_types is None or not served.isdisjoint(each.task_types))
    }
    return Missing(
        models=tuple(sorted(needed.difference(present))),
        task_types=tuple(
            name for name, config in defaults.items() if not _is_servable(config, present)
        ),
    )


def _is_servable(config: Mapping[str, Any] | None, present: Collection[str]) -> bool:
    models = (config[name] for name in MODEL_FIELDS) if config else ()
    return any(normalise_model(model) in present for model in models if model)
