"""The normal form of model names, and the allow-list over them.

Names that Ollama takes for one model have one normal form: lower case, with the tag, without
the default host and namespace. ``Qwen3``, ``library/qwen3`` and
``https://registry.ollama.ai/library/qwen3:latest`` are ``qwen3:latest``; a model of another host
keeps that host. Policy, comparison and keys use the normal form, in SQL `normal_model`. Stored
and sent is what was stated: another kind of server may distinguish what Ollama does not.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import lru_cache

from llmconfig.values.model_grammar import NAME

DEFAULT_HOST = "registry.ollama.ai"
DEFAULT_NAMESPACE = "library"
DEFAULT_TAG = "latest"

#: A regular expression that no text matches.
NOTHING = r"(?!)"

NOT_ALLOWED = "not_allowed"
NOT_ALLOWED_FOR_TIER = "not_allowed_for_tier"

_WILDCARD = re.compile(r"[*?\[]")
_SCHEME = re.compile(r"^[a-z]+://")


@lru_cache(maxsize=4096)
def normalise_model(name: str) -> str:
    """The one spelling of a model's name. A text that is no name stays as it is."""
    found = NAME.fullmatch(name)
    if found is None:
        return name
    host, namespace = found["host"] or DEFAULT_HOST, found["namespace"] or DEFAULT_NAMESPACE
    path = [host.lower(), namespace.lower()]
    if path == [DEFAULT_HOST, DEFAULT_NAMESPACE]:
        path = []
    elif path[0] == DEFAULT_HOST:
        del path[0]
    return "/".join((*path, f"{found['name']}:{found['tag'] or DEFAULT_TAG}".lower()))


def normalise_pattern(pattern: str) -> str:
    """The one spelling of an entry of an allow-list: a name's normal form, a glob in lower case."""
    return pattern.lower() if is_glob(pattern) else normalise_model(pattern)


def is_glob(pattern: str) -> bool:
    """Whether an entry of an allow-list has wildcards; without any it names one model."""
    return _WILDCARD.search(pattern) is not None


@dataclass(frozen=True)
class Policy:
    """Which models may be used: what the environment allows, narrowed by the user's tiers.

    A pattern follows shell globs, where ``*`` also spans ``/`` and ``:``, and is compared with the
    normal form; one that begins with the default host or namespace, with the name in full.
    """

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
    if patterns is None:
        return True
    short, full = _matchers(patterns)
    return bool(short.match(name) or full.match(_in_full(name)))


def _in_full(name: str) -> str:
    """A normal form with host and namespace."""
    missing = (DEFAULT_HOST, DEFAULT_NAMESPACE)[: 2 - name.count("/")]
    return "/".join((*missing, name))


@lru_cache(maxsize=512)
def _matchers(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """For normal forms and for names in full: all patterns as one, since every resolve matches
    and lists may hold hundreds."""
    short: set[str] = set()
    full: set[str] = set()
    for pattern in patterns:
        spelled = _SCHEME.sub("", normalise_pattern(pattern))
        if is_glob(pattern) and spelled.startswith(f"{DEFAULT_NAMESPACE}/"):
            spelled = f"{DEFAULT_HOST}/{spelled}"
        is_full = is_glob(pattern) and spelled.startswith(f"{DEFAULT_HOST}/")
        (full if is_full else short).update((spelled, _with_tag(spelled)))
    return _any_of(short), _any_of(full)


def _with_tag(pattern: str) -> str:
    return pattern if ":" in pattern.rpartition("/")[2] else f"{pattern}:{DEFAULT_TAG}"


def _any_of(patterns: set[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, sorted(patterns))) or NOTHING)
