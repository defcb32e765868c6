"""What every embedded part can do; ``postgres``, ``valkey`` and ``model`` are the three."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

#: Runs a command of the part to its end, as a system user or as the present one (None).
Run = Callable[[Sequence[str], str | None], None]

#: Shows one line of progress; ``values`` fill its ``%(name)s`` places.
Say = Callable[..., None]


class Part(ABC):
    """A server that a stack runs where ``variable`` names no other."""

    #: The name of its process and its log file.
    name: ClassVar[str]
    #: The name people know.
    title: ClassVar[object]
    #: The variable that names another server instead.
    variable: ClassVar[str]
    #: How long a start may take.
    start_seconds: ClassVar[float] = 60.0

    #: The system user to run as; None: the present one.
    user: str | None = None

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        """``durable=False`` trades safety in a power cut for speed: for tests."""
        self.home = home
        self.durable = durable

    @abstractmethod
    def prepare(self, say: Say) -> None:
        """Fix the address and check that the part can run here. Raises ``PartUnavailable``."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """The variables by which others find it; valid after ``prepare``."""

    @abstractmethod
    def command(self) -> list[str]:
        """What to run."""

    @abstractmethod
    def answers(self, pid: int) -> bool:
        """Whether the process ``pid`` serves its address now."""

    def initialise(self, run: Run) -> None:  # noqa: B027  (most parts need none)
        """Before each start: make what it needs on disk. Raises ``StackError``."""

    def complete(self) -> None:  # noqa: B027  (most parts need none)
        """After a start, once it answers. Raises ``StackError``."""

    def release(self) -> None:  # noqa: B027  (most parts hold nothing)
        """Give back what ``prepare`` took."""
