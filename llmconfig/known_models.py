"""The names of models that exist somewhere, told by whoever can ask. This package cannot."""

from collections.abc import Callable, Iterable

Provider = Callable[[], Iterable[str]]

_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Ask ``provider`` too, from now on. It answers fast and raises nothing."""
    if provider not in _providers:
        _providers.append(provider)


def names() -> tuple[str, ...]:
    """All names that the providers know, sorted."""
    return tuple(sorted({name for provider in _providers for name in provider()}))
