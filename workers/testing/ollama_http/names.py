"""Model names as Ollama parses them: parts with defaults, compared without regard to case."""

import re
from dataclasses import dataclass

HOST, NAMESPACE, TAG = "registry.ollama.ai", "library", "latest"
#: What a part may consist of: no dots in a namespace, colons in a host only.
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}")
_NAMESPACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")


@dataclass(frozen=True)
class Name:
    """A valid name, complete."""

    host: str
    namespace: str
    model: str
    tag: str

    @property
    def full(self) -> str:
        return f"{self.host}/{self.namespace}/{self.model}:{self.tag}"

    @property
    def short(self) -> str:
        """Without what is the default, but with the tag."""
        if self.host != HOST:
            return self.full
        prefix = "" if self.namespace == NAMESPACE else f"{self.namespace}/"
        return f"{prefix}{self.model}:{self.tag}"


def parse(text: str) -> Name | None:
    """The name, its parts in lower case; None where it is invalid."""
    rest, tag = text, TAG
    if ":" in text.rpartition("/")[2]:
        rest, _, tag = text.rpartition(":")
    rest, _, model = rest.rpartition("/") if "/" in rest else ("", "", rest)
    above, _, namespace = rest.rpartition("/") if rest else ("", "", NAMESPACE)
    host = above.rpartition("://")[2] if above else HOST
    if text.startswith("/"):
        return None
    parts = (_HOST, host), (_NAMESPACE, namespace), (_PART, model), (_PART, tag)
    if not all(pattern.fullmatch(part) for pattern, part in parts):
        return None
    return Name(host.lower(), namespace.lower(), model.lower(), tag.lower())


def key(text: str) -> str:
    """One spelling of all names of a model; of an invalid name itself."""
    name = parse(text)
    return name.short if name else text
