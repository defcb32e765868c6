"""What can go wrong with a stack, in words for whoever started it.

StackError
├── PartUnavailable   a package or platform is missing
├── AlreadyRunning    another process holds this home
└── PortTaken         the asked port belongs to someone else
"""


class StackError(Exception):
    """One clear message; ``message`` may be a lazy translation and is formatted when shown.

    ``values`` fill its ``%(name)s`` places.
    """

    def __init__(self, message: object, **values: object) -> None:
        self.message = message
        self.values = values
        super().__init__(message)

    def __str__(self) -> str:
        return str(self.message) % self.values


class PartUnavailable(StackError):
    """An embedded part cannot run here: its package or its platform's program is missing."""


class AlreadyRunning(StackError):
    """A stack runs from this home already."""


class PortTaken(StackError):
    """The port that was asked for cannot be listened on."""
