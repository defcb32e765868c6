"""Static configuration of a process: built-in values, the YAML file and the environment.

Read once per process, at the first need; a file edited later counts from the next start. A file
with a mistake stops the process, or the last known good one is used
(``llmconfig.layers.known_file``).
"""

import errno
import logging
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from llmconfig.layers.document import Source, document_read
from llmconfig.layers.environment import environment_read, policy_read
from llmconfig.layers.known_file import Known, known_file_keep, known_file_load
from llmconfig.layers.located import Located, Report
from llmconfig.layers.yaml_text import MAX_BYTES, yaml_parse
from llmconfig.values import task_types
from llmconfig.values.errors import ConfigurationError, Problem
from llmconfig.values.fields import FIELDS
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.model_names import Policy, normalise_model
from llmconfig.values.parameters import LOAD_TIMEOUT, LOAD_TIMEOUT_DEFAULT, RELOAD_OPTIONS
from llmconfig.values.texts import printable
from llmconfig.values.types import BUILT_IN, ModelParams, Statement

logger = logging.getLogger(__name__)

#: Of ``LLM_CONFIG_ON_ERROR``; the other word is ``stop``.
LAST_GOOD = "last_good"
#: Linux opens no longer paths.
PATH_LENGTH = 4096

_BUILT_IN = Source(
    system=tuple(
        Statement(name, field.default, BUILT_IN)
        for name, field in FIELDS.items()
        if field.default is not None
    )
)


@dataclass(frozen=True, kw_only=True)
class LastGood:
    """A kept file that is used instead of the one on disk."""

    #: What is wrong with the file on disk.
    problems: tuple[Problem, ...]
    #: When the kept one was last read without a mistake.
    kept_at: datetime

    @property
    def sentences(self) -> tuple[Message, ...]:
        """One for each problem."""
        text = gettext_noop("%(problem)s; the file as it was at %(moment)s is used")
        moment = self.kept_at.isoformat(timespec="seconds")
        return tuple(
            Message(text, {"problem": _problem_message(each), "moment": moment})
            for each in self.problems
        )


@dataclass(frozen=True, kw_only=True)
class Static:
    """The sources, weakest first, and the environment's policy."""

    sources: tuple[Source, ...]
    policy: Policy
    model_params: ModelParams
    #: The file as it was read.
    content: bytes = b""
    #: None: the file on disk is used.
    last_good: LastGood | None = None

    def reload_options(self, model: str) -> dict[str, Any]:
        """How the model is loaded: reload options that are stated, and ``load_timeout_seconds``."""
        stated = {each.field: each.value for each in self.model_statements(model)}
        options = {name: stated[name] for name in RELOAD_OPTIONS if name in stated}
        return {**options, LOAD_TIMEOUT: stated.get(LOAD_TIMEOUT, LOAD_TIMEOUT_DEFAULT)}

    def model_statements(self, model: str) -> tuple[Statement, ...]:
        """What ``model_params`` say of the model, weakest first."""
        return self.model_params.get(normalise_model(model), ())

    def tier_names(self) -> tuple[str, ...]:
        """Tiers that the sources name, weakest first."""
        return tuple(dict.fromkeys(name for source in self.sources for name in source.tiers))


def static_config() -> Static:
    """The process's own. Raises ``ConfigurationError`` with every problem."""
    return _load(
        Path(settings.LLM_CONFIG_FILE),
        tuple(sorted(settings.LLM_ENVIRON.items())),
        task_types.names(),
    )


@lru_cache(maxsize=8)
def _load(path: Path, variables: tuple[tuple[str, str], ...], names: tuple[str, ...]) -> Static:
    report = Report()
    content = _read(path, report)
    name = _shown(path)
    file = Located({}, name) if content is None else yaml_parse(content, name, report)
    try:
        static = static_read(file, dict(variables), names, report)
    except ConfigurationError as error:
        if settings.LLM_CONFIG_ON_ERROR == LAST_GOOD and (known := known_file_load(path)):
            return _last_good(path, known, dict(variables), names, error)
        raise
    return replace(static, content=content or b"")


def _last_good(
    path: Path,
    known: Known,
    variables: Mapping[str, str],
    names: tuple[str, ...],
    error: ConfigurationError,
) -> Static:
    """The kept file's. Raises the error where variables, or that file, cannot be used either."""
    report = Report()
    moment = known.kept_at.isoformat(timespec="seconds")
    file = yaml_parse(known.content, f"{_shown(path)} of {moment}", report)
    try:
        static = static_read(file, variables, names, report)
    except ConfigurationError:
        raise error from None
    last_good = LastGood(problems=error.problems, kept_at=known.kept_at)
    for sentence in last_good.sentences:
        logger.error("LLM_CONFIG_ON_ERROR: %s", sentence, extra={"action": "last_good"})
    return replace(static, content=known.content, last_good=last_good)


def file_keep() -> None:
    """Keep the file that this process uses as the last known good one; a kept one stays as it is.

    Raises ``ConfigurationError``, and Django's ``DatabaseError``.
    """
    static = static_config()
    if static.last_good is None:
        known_file_keep(Path(settings.LLM_CONFIG_FILE), static.content)


def static_read(
    file: Located, variables: Mapping[str, str], names: tuple[str, ...], report: Report
) -> Static:
    """The same of a file that was read. Raises ``ConfigurationError``."""
    sources = (
        _BUILT_IN,
        document_read(file, report, names),
        environment_read(variables, report, names),
    )
    policy = policy_read(variables, report)
    if report.problems:
        raise ConfigurationError(report.told())
    return Static(sources=sources, policy=policy, model_params=_merged(sources))


@receiver(setting_changed, dispatch_uid="llmconfig.static")
def _forget(setting: str, **kwargs: Any) -> None:
    # Only tests change settings; to them each change is a new process.
    if setting in ("LLM_CONFIG_FILE", "LLM_CONFIG_ON_ERROR", "LLM_ENVIRON"):
        _load.cache_clear()


def _read(path: Path, report: Report) -> bytes | None:
    try:
        return _content(path)
    except OSError as error:
        text = gettext_noop("cannot be read (%(reason)s); LLM_CONFIG_FILE names the file")
        report.add(_shown(path), "", Message(text, {"reason": error.strerror or "?"}))
        return None


def _content(path: Path) -> bytes:
    """The start of a file: one byte more than is accepted tells one that is too large.

    Raises OSError, also for what is no regular file: a pipe would be waited for, for ever.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)


def _shown(path: Path) -> str:
    """The path as an operator would name it: inside the project without the project's own."""
    path = path.absolute()
    base = Path(settings.BASE_DIR)
    named = str(path.relative_to(base) if path.is_relative_to(base) else path)
    return printable(named, PATH_LENGTH)


def _problem_message(problem: Problem) -> Message:
    """Place, key and text as one message."""
    where = ": ".join(filter(None, (problem.place, problem.key)))
    return Message("%(where)s: %(text)s", {"where": where, "text": problem.message})


def _merged(sources: tuple[Source, ...]) -> ModelParams:
    merged: dict[str, tuple[Statement, ...]] = {}
    for source in sources:
        for model, stated in source.model_params.items():
            merged[model] = merged.get(model, ()) + stated
    return merged
