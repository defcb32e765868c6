"""A second, naive answer to what resolving answers: made of the ladder's rules, not of the code.

It knows only plain data and imports nothing of the product: bounds, defaults, globs, tags and the
order of places are written out again. Slow and short beats fast and clever here.
"""

import re
from dataclasses import dataclass, field
from typing import Any

#: Bounds by field; of models only that they are names.
BOUNDS = {
    "timeout_seconds": (1, 300),
    "first_token_timeout_seconds": (1, 300),
    "max_retries": (0, 10),
    "deadline_seconds": (1, 86_400),
}
PARAMETER_BOUNDS = {"temperature": (0, 2), "top_k": (0, 1000), "seed": (0, 2_147_483_647)}
THINK = [True, False, "low", "medium", "high", "max"]
PARAMETERS = [*PARAMETER_BOUNDS, "think"]
BUILT_IN = {
    "model": "llama3.2:3b",
    "fallback_model": "llama3.2:1b",
    "timeout_seconds": 60,
    "max_retries": 3,
    "deadline_seconds": 600,
}
LAYERS = ["system", "task_type", "tier", "user", "request"]
FIELDS = ["model", "fallback_model", *BOUNDS]
VARIABLES = {
    "model": "LLM_DEFAULT_MODEL",
    "fallback_model": "LLM_FALLBACK_MODEL",
    "timeout_seconds": "LLM_DEFAULT_TIMEOUT",
    "max_retries": "LLM_MAX_RETRIES",
}
TIERS_OF_FILE = {"premium": "premium_model", "standard": "standard_model"}


@dataclass(kw_only=True)
class Group:
    name: str
    #: None: it is no tier.
    rank: int | None = None
    allowed: list[str] | None = None
    is_mine: bool = True


@dataclass(kw_only=True)
class Row:
    #: ``everyone``, ``me``, ``somebody`` or the name of a group.
    owner: str
    task_type: str | None
    fields: dict[str, Any]


@dataclass(kw_only=True)
class World:
    """All that decides one question: what does this person get for this task type?"""

    task_type: str
    #: Whether there is a person at all.
    person: bool = True
    #: The YAML file: ``default``, ``task_types``, ``model_params``, ``user_preferences``.
    file: dict[str, Any] = field(default_factory=dict)
    #: What the variables state: ``default``, ``task_types``, ``model_params``.
    variables: dict[str, Any] = field(default_factory=dict)
    #: ``LLM_ALLOWED_MODELS``; None: unset.
    allowed: list[str] | None = None
    groups: list[Group] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    #: What the task type states itself.
    defaults: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Answer:
    values: dict[str, Any]
    parameters: dict[str, Any]
    model_parameters: list[dict[str, Any]]
    #: By field: the layer, and the row it is from (None for what is no row).
    origins: dict[str, tuple[str, Row | None]]


REFUSED, NOTHING_ALLOWED = "refused", "nothing allowed"


def answer(world: World) -> Answer | str:
    """What resolving should say, or which of the two refusals."""
    if _request_is_refused(world):
        return REFUSED
    model = _strongest(world, "model")
    if model is None:
        return NOTHING_ALLOWED
    fallback = _strongest(world, "fallback_model")
    if fallback is not None and full(fallback[0]) == full(model[0]):
        fallback = None
    found = {"model": model, "fallback_model": fallback}
    found |= {name: _strongest(world, name) for name in BOUNDS}
    values = {name: None if pick is None else pick[0] for name, pick in found.items()}
    values["fallback_model"] = values["fallback_model"] or ""
    values["timeout_seconds"] = min(values["timeout_seconds"], values["deadline_seconds"])
    if values["first_token_timeout_seconds"] is not None:
        values["first_token_timeout_seconds"] = min(
            values["first_token_timeout_seconds"], values["timeout_seconds"]
        )
    picks = {name: _strongest(world, f"parameters.{name}") for name in PARAMETERS}
    stated = {name: pick for name, pick in picks.items() if pick is not None}
    origins = {name: pick[1:] if pick else ("system", None) for name, pick in found.items()}
    origins |= {f"parameters.{name}": pick[1:] for name, pick in stated.items()}
    return Answer(
        values=values,
        parameters={name: pick[0] for name, pick in stated.items()},
        model_parameters=[_of_model(world, values[name]) for name in ("model", "fallback_model")],
        origins=origins,
    )


def permitted(world: World, model: str) -> bool:
    """The environment's list, narrowed by the union of the lists of this person's tiers."""
    if world.allowed is not None and not _named(model, world.allowed):
        return False
    tiers = [group for group in _mine(world) if group.rank is not None]
    if not tiers or any(group.allowed is None for group in tiers):
        return True
    return any(_named(model, group.allowed) for group in tiers)


def full(model: str) -> str:
    """The name with its tag."""
    return model if ":" in model.split("/")[-1] else model + ":latest"


def _places(world: World) -> list[tuple[str, Row | None, dict[str, Any]]]:
    """(layer, row, what it states), the strongest place first."""
    of_type = world.task_type
    places = [("request", None, world.request)]
    if world.person:
        places += _of_owner(world, "user", "me")
        ranked = sorted(_mine(world), key=lambda g: -1 if g.rank is None else g.rank)
        for group in reversed(ranked):
            places += _of_owner(world, "tier", group.name)
            key = TIERS_OF_FILE.get(group.name)
            model = world.file.get("user_preferences", {}).get(key)
            places.append(("tier", None, {} if model is None else {"model": model}))
    everyone = dict.fromkeys((of_type, None))
    for row in world.rows:
        if row.owner == "everyone" and row.task_type in everyone:
            everyone[row.task_type] = row
    for layer, row, sources in (
        (
            "task_type",
            everyone[of_type],
            [
                world.variables.get("task_types", {}).get(of_type, {}),
                world.file.get("task_types", {}).get(of_type, {}),
                world.defaults,
            ],
        ),
        (
            "system",
            everyone[None],
            [world.variables.get("default", {}), world.file.get("default", {}), BUILT_IN],
        ),
    ):
        if row:
            places.append((layer, row, row.fields))
        places += [(layer, None, stated) for stated in sources]
    return places


def _of_owner(world: World, layer: str, owner: str) -> list[tuple[str, Row, dict[str, Any]]]:
    mine = [row for row in world.rows if row.owner == owner]
    typed = [row for row in mine if row.task_type == world.task_type]
    untyped = [row for row in mine if row.task_type is None]
    return [(layer, row, row.fields) for row in typed + untyped]


def _strongest(world: World, name: str) -> tuple[Any, str, Row | None] | None:
    for layer, row, stated in _places(world):
        value = _stated(stated, name)
        if value is None or not _is_valid(name, value):
            continue
        if name in ("model", "fallback_model") and value != "" and not permitted(world, value):
            continue
        return value, layer, row
    return None


def _stated(stated: dict[str, Any], name: str) -> Any:
    if name.startswith("parameters."):
        parameters = stated.get("parameters")
        return parameters.get(name.split(".")[1]) if isinstance(parameters, dict) else None
    return stated.get(name)


def _is_valid(name: str, value: Any) -> bool:
    if name == "model":
        return isinstance(value, str) and re.fullmatch(r"[\w.:/@-]+", value) is not None
    if name == "fallback_model":
        return value == "" or _is_valid("model", value)
    if name == "parameters.think":
        return isinstance(value, bool | str) and value in THINK
    whole = name != "parameters.temperature"
    low, high = {**BOUNDS, **PARAMETER_BOUNDS}[name.split(".")[-1]]
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return False
    return low <= value <= high


def _request_is_refused(world: World) -> bool:
    models = [world.request.get("model"), world.request.get("fallback_model")]
    if any(model and not permitted(world, model) for model in models):
        return True
    return bool(models[0] and models[1] and full(models[0]) == full(models[1]))


def _of_model(world: World, model: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for place in (world.file, world.variables):
        for name, stated in place.get("model_params", {}).items():
            if model and full(name) == full(model):
                merged |= stated
    return {name: value for name, value in merged.items() if name in PARAMETERS}


def _mine(world: World) -> list[Group]:
    return [group for group in world.groups if world.person and group.is_mine]


def _named(model: str, patterns: list[str]) -> bool:
    """Globs of ``*`` and ``?``; a pattern without a tag means its ``latest``, too."""
    return any(
        re.fullmatch(re.escape(glob).replace(r"\*", ".*").replace(r"\?", "."), full(model))
        for pattern in patterns
        for glob in (pattern, full(pattern))
    )
