"""Port for the names of models that exist; providers of other packages are registered here."""

from collections.abc import Callable, Iterable

from llmconfig.values.model_names import normalise_model

#: None: nothing is known.
Provider = Callable[[], Iterable[str] | None]

_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Ask ``provider`` too, from now on. It answers fast and raises nothing."""
    if provider not in _providers:
        _providers.append(provider)


def names() -> tuple[str, ...]:
    """The models that the providers know, each in one spelling, sorted."""
    known = sorted((name for provider in _providers for name in provider() or ()), reverse=True)
    return tuple(sorted({normalise_model(name): name for name in known}.values()))


def normal_names() -> frozenset[str] | None:
    """Every model that is known, by its normalised name; None: no provider knows anything."""
    told = [names for provider in _providers if (names := provider()) is not None]
    if not told:
        return None
    return frozenset(normalise_model(name) for names in told for name in names)
