"""What the fake Ollama can do to a generation. Times are seconds, counts are tokens.

Each behaviour answers one request; `workers.testing.by_name` says how a model's name asks for one.
"""

from workers.testing.behaviours.base import (
    Behaviour,
    Ok,
)
from workers.testing.behaviours.broken import (
    BrokenJson,
    CutStream,
    EmptyBody,
    ErrorMidStream,
    Garbage,
    Gzipped,
    Html,
    NoDone,
    Reset,
)
from workers.testing.behaviours.refusing import (
    LoadFails,
    Missing,
    Redirect,
    Status,
)
from workers.testing.behaviours.slow import (
    Dribble,
    HangAfterDone,
    Heartbeat,
    NeverEnding,
    Silent,
    SilentAfterHead,
    SlowFirstToken,
    SlowHead,
    SlowLoad,
    StallAfter,
    Trickle,
)
from workers.testing.behaviours.useless import (
    Empty,
    FullContext,
    ThinkingOnly,
    TooLong,
)

__all__ = [
    "Behaviour",
    "BrokenJson",
    "CutStream",
    "Dribble",
    "Empty",
    "EmptyBody",
    "ErrorMidStream",
    "FullContext",
    "Garbage",
    "Gzipped",
    "HangAfterDone",
    "Heartbeat",
    "Html",
    "LoadFails",
    "Missing",
    "NeverEnding",
    "NoDone",
    "Ok",
    "Redirect",
    "Reset",
    "Silent",
    "SilentAfterHead",
    "SlowFirstToken",
    "SlowHead",
    "SlowLoad",
    "StallAfter",
    "Status",
    "ThinkingOnly",
    "TooLong",
    "Trickle",
]
