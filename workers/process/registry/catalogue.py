"""Catalogue of models for one person: those of live workers, and those that are configured."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from llmconfig.resolution.policy import user_policy
from llmconfig.resolution.selectors import configs_resolve
from llmconfig.resolution.stated_models import StatedModel, models_stated
from llmconfig.values.model_names import Policy, normalise_model
from llmconfig.values.types import MODEL_FIELDS
from llmconfig.values.windows import Window
from workers.process.registry.holdings import (
    Holding,
    holdings_of,
    missing_from,
    needed_by,
    window_held,
)
from workers.process.registry.selectors import nodes_live
from workers.runs.states import ModelState


@dataclass(frozen=True, kw_only=True)
class Use:
    """A field of somebody's effective configuration that names a model."""

    task_type: str
    #: ``model`` or ``fallback_model``.
    field: str
    layer: str


@dataclass(frozen=True, kw_only=True)
class ListedModel:
    """One model, by its normalised name."""

    name: str
    allowed: bool
    uses: tuple[Use, ...]
    #: Who states it, for staff.
    stated: tuple[StatedModel, ...]
    #: By live worker.
    holdings: tuple[Holding, ...]
    window: Window

    @property
    def loaded(self) -> bool:
        return any(each.state == ModelState.LOADED for each in self.holdings)

    @property
    def available(self) -> bool:
        at_hand = (ModelState.LOADED, ModelState.PRESENT)
        return any(each.state in at_hand for each in self.holdings)

    def told(self, fact: str) -> Any:
        """A fact as the first worker tells it that knows it, or None."""
        told = (getattr(holding, fact) for holding in self.holdings)
        return next((value for value in told if value is not None), None)


def models_listed(*, user_id: int, with_places: bool) -> list[ListedModel]:
    """All models that live workers have or that the user's configurations name, by name.

    ``with_places``: those that anybody states, too, with who states them. In a fixed number of
    queries. Raises ``ConfigurationError``.
    """
    policy = user_policy(user_id)
    uses = _uses(user_id)
    stated = _by_model(models_stated() if with_places else ())
    workers = [(node, holdings_of(node)) for node in nodes_live()]
    known = {name for _node, holdings in workers for name in holdings}
    return [
        _listed(name, policy, workers, uses.get(name, ()), stated.get(name, ()))
        for name in sorted(known | uses.keys() | stated.keys())
    ]


def _uses(user_id: int) -> dict[str, tuple[Use, ...]]:
    uses: dict[str, tuple[Use, ...]] = {}
    for task_type, config in configs_resolve(user_id=user_id).items():
        for name in MODEL_FIELDS:
            if config and (model := normalise_model(getattr(config, name))):
                layer = config.origins[name].layer
                use = Use(task_type=task_type, field=name, layer=layer)
                uses[model] = (*uses.get(model, ()), use)
    return uses


def _by_model(stated: Iterable[StatedModel]) -> dict[str, tuple[StatedModel, ...]]:
    found: dict[str, tuple[StatedModel, ...]] = {}
    for each in stated:
        name = normalise_model(each.model)
        found[name] = (*found.get(name, ()), each)
    return found


def _listed(
    name: str,
    policy: Policy,
    workers: Iterable[tuple[Any, dict[str, Holding]]],
    uses: tuple[Use, ...],
    stated: tuple[StatedModel, ...],
) -> ListedModel:
    wanted = _wanted(uses, stated)
    holdings = []
    for node, has in workers:
        if name in has:
            holdings.append(has[name])
        elif needed_by(node, wanted):
            holdings.append(missing_from(node, name))
    return ListedModel(
        name=name,
        allowed=policy.allows(name),
        uses=uses,
        stated=stated,
        holdings=tuple(holdings),
        window=window_held(name, holdings),
    )


def _wanted(uses: Iterable[Use], stated: Iterable[StatedModel]) -> set[str] | None:
    """The task types that a model is configured for; None: all."""
    wanted = {use.task_type for use in uses}
    for each in stated:
        if each.task_types is None:
            return None
        wanted.update(each.task_types)
    return wanted
