"""The names of models that exist somewhere, told by whoever can ask. This package cannot."""

from collections.abc import Callable, Iterable

from llmconfig.model_names import normalise_model

Provider = Callable[[], Iterable[str]]

_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Ask ``provider`` too, from now on. It answers fast and raises nothing."""
    if provider not in _providers:
        _providers.append(provider)


def names() -> tuple[str, ...]:
    """The models that the providers know, each in one spelling, sorted."""
    known = sorted((name for provider in _providers for name in provider()), reverse=True)
    return tuple(sorted({normalise_model(name): name for name in known}.values()))
