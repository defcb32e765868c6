"""Model names and the allow-list over them.

Ollama reads a name without a tag as ``:latest``, so ``qwen3`` and ``qwen3:latest`` are one model
for policy, comparison and keys. A pattern follows shell globs, where ``*`` also spans ``/`` and
``:``; a pattern without wildcards names one model.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import lru_cache


def normalise_model(name: str) -> str:
    """The name with its tag. A ``:`` before the last ``/`` is a registry's port, not a tag."""
    return name if ":" in name.rpartition("/")[2] or not name else f"{name}:latest"


#: A regular expression that no text matches.
NOTHING = r"(?!)"

NOT_ALLOWED = "not_allowed"
NOT_ALLOWED_FOR_TIER = "not_allowed_for_tier"


@dataclass(frozen=True)
class Policy:
    """Which models may be used: what the environment allows, narrowed by the user's tiers."""

    #: Names and globs of the environment; None: all.
    patterns: tuple[str, ...] | None = None
    #: What the lists of the user's tiers name together; None: they do not narrow.
    tier_patterns: tuple[str, ...] | None = None

    def refusal(self, model: str) -> str | None:
        """``not_allowed``, ``not_allowed_for_tier`` or None; "" is no model and never refused."""
        name = normalise_model(model)
        if name and not _named(name, self.patterns):
            return NOT_ALLOWED
        if name and not _named(name, self.tier_patterns):
            return NOT_ALLOWED_FOR_TIER
        return None

    def allows(self, model: str) -> bool:
        return self.refusal(model) is None

    def refused(self, models: Iterable[str]) -> list[str]:
        """Those of the models that may not be used."""
        return [model for model in models if not self.allows(model)]

    def narrowed(self, lists: Iterable[tuple[str, ...] | None]) -> "Policy":
        """For a user whose tiers have these lists: their union. One without a list allows all."""
        union: dict[str, None] = {}
        narrows = False
        for patterns in lists:
            if patterns is None:
                return self
            narrows = True
            union.update(dict.fromkeys(patterns))
        return replace(self, tier_patterns=tuple(union)) if narrows else self


def _named(name: str, patterns: tuple[str, ...] | None) -> bool:
    return patterns is None or bool(_matcher(patterns).match(name))


@lru_cache(maxsize=512)
def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """All patterns as one: every resolve asks, and lists may hold hundreds."""
    spelled = {*patterns, *map(normalise_model, patterns)}
    return re.compile("|".join(map(translate, spelled)) or NOTHING)
