"""The models of one worker: those that it has, and those that it would need."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from llmconfig.resolution.window_lookup import window_of
from llmconfig.values.model_names import normalise_model
from llmconfig.values.windows import Window
from workers.process.models import WorkerNode
from workers.process.registry.announcement import task_types_served
from workers.runs.states import ModelState


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A model as one worker has it; None is what its model server does not tell."""

    worker: str
    host: str
    model: str
    state: ModelState
    size_bytes: int | None = None
    #: Tokens that the model was trained for, and those that it is loaded with.
    context_length: int | None = None
    context_window: int | None = None
    capabilities: list[str] | None = None
    #: Why the model cannot be used; "" where it can, or where that is not known.
    fault: str = ""


def holdings_of(node: WorkerNode) -> dict[str, Holding]:
    """What the worker has, by normalised name."""
    holdings = (_known(node, told) for told in node.known_models)
    return {holding.model: holding for holding in holdings}


def missing_from(node: WorkerNode, model: str) -> Holding:
    """A model that the worker would need and does not have."""
    state = ModelState.UNREACHABLE if node.host_error else ModelState.MISSING
    return Holding(worker=node.name, host=node.host, model=model, state=state)


def needed_by(node: WorkerNode, wanted: Collection[str] | None) -> bool:
    """Whether a model for these task types (None: for all) is needed on the worker."""
    served = set(task_types_served(node.queues))
    return bool(served) and (wanted is None or not served.isdisjoint(wanted))


def window_held(model: str, holdings: Iterable[Holding]) -> Window:
    """The window of a model, given how workers have it; of several the smallest."""
    loaded = [each.context_window for each in holdings if each.context_window]
    return window_of(model, loaded={model: min(loaded)} if loaded else {})


def _known(node: WorkerNode, told: Mapping[str, Any]) -> Holding:
    # A worker of the last release reports no faults.
    fault = told.get("fault", "")
    return Holding(
        worker=node.name,
        host=node.host,
        model=normalise_model(told["name"]),
        state=_state(node, told["loaded"], fault),
        size_bytes=told["size"],
        context_length=told["context_length"],
        # The last release writes none.
        context_window=told.get("context_window"),
        capabilities=told["capabilities"],
        fault=fault,
    )


def _state(node: WorkerNode, is_loaded: bool, fault: str) -> ModelState:
    if node.host_error:
        return ModelState.UNREACHABLE
    if is_loaded:
        return ModelState.LOADED
    return ModelState.UNUSABLE if fault else ModelState.PRESENT
