"""Finds ``model_params`` of models that nothing names: most are misspelt, and hold for no run."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from llmconfig.database.model_expressions import normal_model
from llmconfig.layers.static import Static
from llmconfig.tables.models import Preference, Tier
from llmconfig.values import task_types
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.model_names import Policy, is_glob, normalise_model
from llmconfig.values.types import MODEL_FIELDS


@dataclass(frozen=True, kw_only=True)
class UnnamedParams:
    """Parameters of one model that is named nowhere else."""

    #: In normal form.
    model: str
    #: File and line, or variable.
    place: str
    #: The named model whose name is most like it, or "".
    nearest: str

    @property
    def sentence(self) -> Message:
        facts = {"place": self.place, "model": self.model, "nearest": self.nearest}
        text = gettext_noop("%(place)s: model_params of %(model)s, which nothing else names.")
        if self.nearest:
            text = gettext_noop(
                "%(place)s: model_params of %(model)s, which nothing else names;"
                " the nearest name is %(nearest)s."
            )
        return Message(text, facts)


def unnamed_params(static: Static, others: Iterable[str] = ()) -> tuple[UnnamedParams, ...]:
    """The ``model_params`` whose model neither file, variables nor one of ``others`` name.

    ``others`` are names and globs from elsewhere, such as `names_stored`.
    """
    entries = {*_named_by(static), *(static.policy.patterns or ()), *others}
    names = {normalise_model(entry) for entry in entries if not is_glob(entry)}
    # What allows everything names nothing.
    globs = Policy(tuple(entry for entry in entries if is_glob(entry) and entry.strip("*?")))
    return tuple(
        UnnamedParams(model=model, place=stated[0].origin.place, nearest=_nearest(model, names))
        for model, stated in sorted(static.model_params.items())
        if stated and model not in names and not globs.allows(model)
    )


def names_stored() -> set[str]:
    """Names and globs that rows state: of preferences, and of the tiers' lists. Three queries."""
    found: set[str] = set()
    for field in MODEL_FIELDS:
        rows = Preference.objects.exclude(**{field: None}).exclude(**{field: ""})
        found.update(rows.values_list(normal_model(field), flat=True).distinct())
    narrowing = Tier.objects.filter(allowed_models__isnull=False)
    lists = narrowing.values_list("allowed_models", flat=True)
    return found.union(*(each or () for each in lists))


def _named_by(static: Static) -> Iterator[str]:
    stated = (each for source in static.sources for each in source.statements())
    yield from (each.value for each in stated if each.field in MODEL_FIELDS)
    for name in task_types.names():
        defaults = task_types.defaults(name)
        yield from (defaults[field] for field in MODEL_FIELDS if field in defaults)


def _nearest(model: str, names: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(model, sorted(names), n=1)), "")
