"""Model names and the allow-list over them.

Ollama reads a name without a tag as ``:latest``, so ``qwen3`` and ``qwen3:latest`` are one model
for policy, comparison and keys. A pattern follows shell globs, where ``*`` also spans ``/`` and
``:``; a pattern without wildcards names one model.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


def normalise_model(name: str) -> str:
    """The name with its tag. A ``:`` before the last ``/`` is a registry's port, not a tag."""
    return name if ":" in name.rpartition("/")[2] or not name else f"{name}:latest"


@dataclass(frozen=True)
class Policy:
    """Which models may be used. ``patterns`` None: all."""

    patterns: tuple[str, ...] | None = None

    def allows(self, model: str) -> bool:
        if self.patterns is None:
            return True
        name = normalise_model(model)
        return any(
            fnmatchcase(name, pattern) or fnmatchcase(name, normalise_model(pattern))
            for pattern in self.patterns
        )

    def refused(self, models: Iterable[str]) -> list[str]:
        """Those of the models that may not be used; "" is no model and never refused."""
        return [model for model in models if model and not self.allows(model)]
