"""Which models there are for somebody: what live workers have, and what is configured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llmconfig.model_names import Policy, normalise_model
from llmconfig.policy import user_policy
from llmconfig.selectors import configs_resolve
from llmconfig.stated_models import StatedModel, models_stated
from llmconfig.types import MODEL_FIELDS
from workers.models import WorkerNode
from workers.registry.announcement import task_types_served
from workers.registry.selectors import nodes_live


@dataclass(frozen=True, kw_only=True)
class Use:
    """A field of somebody's effective configuration that names a model."""

    task_type: str
    #: ``model`` or ``fallback_model``.
    field: str
    layer: str


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A model as one live worker has it."""

    worker: str
    host: str
    #: ``loaded``, ``present``, ``missing`` (it is needed there), or ``unreachable``.
    state: str


@dataclass(kw_only=True)
class ListedModel:
    """One model, by its normalised name; None is what no worker tells."""

    name: str
    allowed: bool
    size_bytes: int | None = None
    context_length: int | None = None
    capabilities: list[str] | None = None
    uses: list[Use] = field(default_factory=list)
    #: Who states it, for staff.
    stated: list[StatedModel] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)

    @property
    def loaded(self) -> bool:
        return any(holding.state == "loaded" for holding in self.holdings)

    @property
    def available(self) -> bool:
        return any(holding.state in ("loaded", "present") for holding in self.holdings)


def models_listed(*, user_id: int, with_places: bool) -> list[ListedModel]:
    """All models that live workers have or that the user's configurations name, by name.

    ``with_places``: those that anybody states, too, with who states them. In a fixed number of
    queries. Raises ``ConfigurationError``.
    """
    policy = user_policy(user_id)
    uses = _uses(user_id)
    stated = _by_model(models_stated()) if with_places else {}
    nodes = list(nodes_live())
    known = {normalise_model(model["name"]) for node in nodes for model in node.known_models}
    names = known | uses.keys() | stated.keys()
    return [
        _listed(name, policy, nodes, uses.get(name, []), stated.get(name, []))
        for name in sorted(names)
    ]


def _uses(user_id: int) -> dict[str, list[Use]]:
    uses: dict[str, list[Use]] = {}
    for task_type, config in configs_resolve(user_id=user_id).items():
        for name in MODEL_FIELDS:
            if config and (model := getattr(config, name)):
                layer = config.origins[name].layer
                use = Use(task_type=task_type, field=name, layer=layer)
                uses.setdefault(normalise_model(model), []).append(use)
    return uses


def _by_model(stated: Iterable[StatedModel]) -> dict[str, list[StatedModel]]:
    found: dict[str, list[StatedModel]] = {}
    for each in stated:
        found.setdefault(normalise_model(each.model), []).append(each)
    return found


def _listed(
    name: str,
    policy: Policy,
    nodes: Iterable[WorkerNode],
    uses: list[Use],
    stated: list[StatedModel],
) -> ListedModel:
    listed = ListedModel(name=name, allowed=policy.allows(name), uses=uses, stated=stated)
    for node in nodes:
        told = _told_by(node, name)
        if told is None and not _needed_by(node, listed):
            continue
        state = _state(node, told)
        listed.holdings.append(Holding(worker=node.name, host=node.host, state=state))
        if told is not None:
            _fill(listed, told)
    return listed


def _told_by(node: WorkerNode, name: str) -> Mapping[str, Any] | None:
    told = (model for model in node.known_models if normalise_model(model["name"]) == name)
    return next(told, None)


def _needed_by(node: WorkerNode, listed: ListedModel) -> bool:
    served = set(task_types_served(node.queues))
    anywhere = any(each.task_types is None for each in listed.stated)
    wanted = {use.task_type for use in listed.uses}
    wanted.update(name for each in listed.stated for name in each.task_types or ())
    return bool(served) and (anywhere or not served.isdisjoint(wanted))


def _state(node: WorkerNode, told: Mapping[str, Any] | None) -> str:
    if node.host_error:
        return "unreachable"
    if told is None:
        return "missing"
    return "loaded" if told["loaded"] else "present"


def _fill(listed: ListedModel, told: Mapping[str, Any]) -> None:
    if listed.size_bytes is None:
        listed.size_bytes = told["size"]
    if listed.context_length is None:
        listed.context_length = told["context_length"]
    if listed.capabilities is None:
        listed.capabilities = told["capabilities"]
